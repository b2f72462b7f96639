"""A user's secrets for a server, opened for one call and sent on their declared ways."""

from collections.abc import Sequence

from app.domain.delivery import (
    SecretBundle,
    StoredSecret,
    bundle_secrets,
    missing_names,
    refuse_missing,
)
from app.domain.errors import AppError
from app.domain.secret import SHARED, SealedSecret
from app.domain.server import Server
from app.services.data_keys import FindDataKey, open_stored
from app.services.deps import Deps


async def open_bundle(deps: Deps, server: Server, username: str) -> SecretBundle:
    """The bundle for a call; nothing is started when a required secret is missing.

    A user's own value goes before one that all users share. What comes from memory may be a moment
    behind: a refusal never does.

    Raises:
        AppError: SECRET_MISSING, SECRET_KEY_MISSING, SECRET_MOVED or SECRET_UNREADABLE.
    """
    try:
        kept = await deps.secrets.recall_applying(username, server.name)
        return await _open(deps, server, username, kept, deps.data_keys.recall)
    except AppError:
        stored = await deps.secrets.list_applying(username, server.name)
        return await _open(deps, server, username, stored, deps.data_keys.find)


async def _open(
    deps: Deps,
    server: Server,
    username: str,
    found: Sequence[SealedSecret],
    data_key_of: FindDataKey,
) -> SecretBundle:
    applying = choose_applying(found)
    bindings = server.settings.secrets
    missing = missing_names(bindings, frozenset(s.ref.name for s in applying))
    if missing:
        raise refuse_missing(server.name, missing)
    own = [secret for secret in applying if secret.ref.username != SHARED]
    shared = [secret for secret in applying if secret.ref.username == SHARED]
    values = {
        **await open_stored(deps, SHARED, shared, data_key_of),
        **await open_stored(deps, username, own, data_key_of),
    }
    deps.seen.note([*values.values()])
    deps.secret_use.note(secret.ref for secret in applying)
    return bundle_secrets(username, bindings, as_stored(applying), values)


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
