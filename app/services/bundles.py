"""A user's secrets for a server, opened for one call and sent on their declared ways."""

import asyncio
from collections.abc import Sequence

from app.domain.data_key import DataKey
from app.domain.delivery import (
    SecretBundle,
    StoredSecret,
    missing_names,
    plan_delivery,
    refuse_missing,
)
from app.domain.errors import AppError
from app.domain.key_ports import Prepared
from app.domain.secret import SHARED, SealedSecret
from app.domain.server import Server
from app.services.data_keys import FindDataKey, open_stored
from app.services.deps import Deps
from app.services.prepared import NOTE_SECONDS, USED_SECONDS, PreparedBundle


async def open_bundle(deps: Deps, server: Server, username: str) -> SecretBundle:
    """The bundle for a call; nothing is started when a required secret is missing.

    A user's own value goes before one that all users share. What comes from memory may be a moment
    behind: a refusal never does.

    Raises:
        AppError: SECRET_MISSING, SECRET_KEY_MISSING, SECRET_MOVED or SECRET_UNREADABLE.
    """
    try:
        found = await deps.secrets.recall_applying(username, server.name)
        prepared = deps.prepared.find(username, server.name)
        if prepared is None or not await _is_true(deps, prepared, found, server):
            prepared = await _prepare(deps, server, username, found)
        if prepared is not None:
            return _open_prepared(deps, username, prepared)
        return await _open(deps, server, username, found, deps.data_keys.recall)
    except AppError:
        stored = await deps.secrets.list_applying(username, server.name)
        return await _open(deps, server, username, stored, deps.data_keys.find)


def _open_prepared(deps: Deps, username: str, prepared: PreparedBundle) -> SecretBundle:
    values = prepared.open()
    now = asyncio.get_running_loop().time()
    if prepared.noted_at < now - NOTE_SECONDS:
        prepared.noted_at = now
        deps.seen.note([*values.values()])
    deps.secret_use.note(prepared.refs)
    return prepared.plan.bundle(username, values)


async def _is_true(
    deps: Deps, prepared: PreparedBundle, found: Sequence[SealedSecret], server: Server
) -> bool:
    """Whether nothing that it was made of has changed."""
    if not prepared.is_of(found, server.settings.secrets):
        return False
    for data_key in prepared.data_keys:
        if await deps.data_keys.recall(data_key.owner) != data_key:
            return False
    return True


async def _prepare(
    deps: Deps, server: Server, username: str, found: Sequence[SealedSecret]
) -> PreparedBundle | None:
    """Prepare the bundle for this call and those to come; None where that cannot be done."""
    bindings = server.settings.secrets
    applying = _required(server, found)
    data_keys: list[DataKey] = []
    texts: list[Prepared] = []
    for secrets in _by_owner(applying):
        data_key = await deps.data_keys.recall(secrets[0].ref.username)
        opened = None if data_key is None else await deps.vault.prepare(data_key, secrets)
        if data_key is None or opened is None:
            return None
        data_keys.append(data_key)
        texts.append(opened)
    prepared = PreparedBundle(
        found=found,
        bindings=bindings,
        data_keys=data_keys,
        texts=texts,
        plan=plan_delivery(bindings, as_stored(applying)),
        refs=[secret.ref for secret in applying],
        until=asyncio.get_running_loop().time() + USED_SECONDS,
    )
    deps.prepared.keep(username, server.name, prepared)
    return prepared


async def _open(
    deps: Deps,
    server: Server,
    username: str,
    found: Sequence[SealedSecret],
    data_key_of: FindDataKey,
) -> SecretBundle:
    applying = _required(server, found)
    values: dict[str, str] = {}
    for secrets in _by_owner(applying):
        values |= await open_stored(deps, secrets[0].ref.username, secrets, data_key_of)
    deps.seen.note([*values.values()])
    deps.secret_use.note(secret.ref for secret in applying)
    return plan_delivery(server.settings.secrets, as_stored(applying)).bundle(username, values)


def _required(server: Server, found: Sequence[SealedSecret]) -> Sequence[SealedSecret]:
    """Those that a call carries, none of which may be missing."""
    applying = choose_applying(found)
    missing = missing_names(server.settings.secrets, frozenset(s.ref.name for s in applying))
    if missing:
        raise refuse_missing(server.name, missing)
    return applying


def _by_owner(secrets: Sequence[SealedSecret]) -> list[list[SealedSecret]]:
    """The shared ones, then the user's own; neither list is empty."""
    shared = [secret for secret in secrets if secret.ref.username == SHARED]
    own = [secret for secret in secrets if secret.ref.username != SHARED]
    return [some for some in (shared, own) if some]


def choose_applying(found: Sequence[SealedSecret]) -> Sequence[SealedSecret]:
    """Of a user's own secrets and the shared ones those that a call would carry, by name."""
    by_name: dict[str, SealedSecret] = {}
    for secret in sorted(found, key=lambda s: s.ref.username != SHARED):
        by_name[secret.ref.name] = secret  # the user's own come last, and win
    return [by_name[name] for name in sorted(by_name)]


def as_stored(secrets: Sequence[SealedSecret]) -> list[StoredSecret]:
    """What the rules of delivery need to know of them."""
    return [
        StoredSecret(name=s.ref.name, sealed=s.sealed, is_own=s.ref.username != SHARED)
        for s in secrets
    ]
