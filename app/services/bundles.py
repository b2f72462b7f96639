"""A user's secrets for a server, opened for one call and sent on their declared ways."""

from collections.abc import Sequence

from app.domain.delivery import (
    SecretBundle,
    StoredSecret,
    bundle_secrets,
    missing_names,
    refuse_missing,
)
from app.domain.secret import SHARED, SealedSecret
from app.domain.server import Server
from app.services.data_keys import open_stored
from app.services.deps import Deps


async def open_bundle(deps: Deps, server: Server, username: str) -> SecretBundle:
    """The bundle for a call; nothing is started when a required secret is missing.

    A user's own value goes before one that all users share.

    Raises:
        AppError: SECRET_MISSING, SECRET_KEY_MISSING, SECRET_MOVED or SECRET_UNREADABLE.
    """
    applying = await find_applying(deps, server.name, username)
    bindings = server.settings.secrets
    missing = missing_names(bindings, frozenset(s.ref.name for s in applying))
    if missing:
        raise refuse_missing(server.name, missing)
    own = [secret for secret in applying if secret.ref.username != SHARED]
    shared = [secret for secret in applying if secret.ref.username == SHARED]
    values = {
        **await open_stored(deps, SHARED, shared),
        **await open_stored(deps, username, own),
    }
    deps.seen.note([*values.values()])
    deps.secret_use.note(secret.ref for secret in applying)
    return bundle_secrets(username, bindings, [_stored(s) for s in applying], values)


async def find_applying(deps: Deps, server_name: str, username: str) -> Sequence[SealedSecret]:
    """The sealed secrets that a call of that user would carry, by name."""
    found = await deps.secrets.list_applying(username, server_name)
    by_name: dict[str, SealedSecret] = {}
    for secret in sorted(found, key=lambda s: s.ref.username != SHARED):
        by_name[secret.ref.name] = secret  # the user's own come last, and win
    return [by_name[name] for name in sorted(by_name)]


def _stored(secret: SealedSecret) -> StoredSecret:
    return StoredSecret(
        name=secret.ref.name, sealed=secret.sealed, is_own=secret.ref.username != SHARED
    )
