"""A user's secrets for a server, opened for one call and sent on their declared ways."""

from collections.abc import Sequence

from app.domain.delivery import (
    SecretBinding,
    SecretBundle,
    StoredSecret,
    bundle_secrets,
    missing_names,
    refuse_missing,
)
from app.domain.errors import AppError
from app.domain.packed_bundle import pack, unpack
from app.domain.secret import SHARED, SealedSecret, SecretRef
from app.domain.server import Server
from app.services.data_keys import FindDataKey, open_stored
from app.services.deps import Deps
from app.services.prepared import NOTE_SECONDS, USED_SECONDS, Marks, PreparedBundle, place_of


async def open_bundle(deps: Deps, server: Server, username: str) -> SecretBundle:
    """The bundle for a call; nothing is started when a required secret is missing.

    A user's own value goes before one that all users share. What comes from memory may be a moment
    behind: a refusal never does.

    Raises:
        AppError: SECRET_MISSING, SECRET_KEY_MISSING, SECRET_MOVED or SECRET_UNREADABLE.
    """
    settings = server.settings
    bindings = settings.secrets
    place = place_of(username, settings.name)
    marks = (deps.secrets.mark(), deps.data_keys.mark())
    prepared = deps.prepared.find(place)
    if prepared is not None and prepared.is_as_of(marks, bindings):
        return _open_prepared(deps, place, prepared)
    try:
        found = await deps.secrets.recall_applying(username, settings.name)
        if prepared is not None and await _is_true(deps, prepared, found, bindings):
            prepared.marks = marks
            return _open_prepared(deps, place, prepared)
        return await _prepare(deps, server, username, found, marks)
    except AppError:
        stored = await deps.secrets.list_applying(username, settings.name)
        return await _open(deps, server, username, stored, deps.data_keys.find)


def _open_prepared(deps: Deps, place: bytes, prepared: PreparedBundle) -> SecretBundle:
    bundle = unpack(deps.vault.open_brief(prepared.sealed, place))
    now = deps.prepared.loop.time()
    if prepared.noted_at < now - NOTE_SECONDS:
        prepared.noted_at = now
        _note(deps, bundle, prepared.refs)
    return bundle


async def _is_true(
    deps: Deps,
    prepared: PreparedBundle,
    found: Sequence[SealedSecret],
    bindings: Sequence[SecretBinding],
) -> bool:
    """Whether nothing that it was made of has changed."""
    if found != prepared.found or bindings != prepared.bindings:
        return False
    for data_key in prepared.data_keys:
        if await deps.data_keys.recall(data_key.owner) != data_key:
            return False
    return True


async def _prepare(
    deps: Deps, server: Server, username: str, found: Sequence[SealedSecret], marks: Marks
) -> SecretBundle:
    """The bundle for this call, kept for those to come."""
    owners = dict.fromkeys(secret.ref.username for secret in found)
    data_keys = [await deps.data_keys.recall(owner) for owner in owners]
    bundle = await _open(deps, server, username, found, deps.data_keys.recall)
    now = deps.prepared.loop.time()
    place = place_of(username, server.name)
    prepared = PreparedBundle(
        marks=marks,
        found=found,
        bindings=server.settings.secrets,
        data_keys=[key for key in data_keys if key is not None],
        refs=[secret.ref for secret in choose_applying(found)],
        sealed=deps.vault.seal_briefly(pack(bundle), place),
        until=now + USED_SECONDS,
        noted_at=now,
    )
    deps.prepared.keep(place, prepared)
    return bundle


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
    bindings = server.settings.secrets
    bundle = bundle_secrets(username, bindings, as_stored(applying), values)
    _note(deps, bundle, [secret.ref for secret in applying])
    return bundle


def _note(deps: Deps, bundle: SecretBundle, refs: Sequence[SecretRef]) -> None:
    """The values are on their way."""
    deps.seen.note(bundle.values)
    deps.secret_use.note(refs)


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
