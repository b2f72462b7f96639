"""Secrets: set, listed by name, removed, and opened for the one call that needs them."""

import logging

from app.domain.clock import utc_now
from app.domain.errors import invalid
from app.domain.names import check_secret_name, check_secret_value, check_server_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.principal import Principal, acting_user
from app.domain.secret import Secret, SecretRef
from app.services.deps import Deps
from app.services.servers import get_server

log = logging.getLogger(__name__)


async def set_secret(
    deps: Deps,
    principal: Principal,
    *,
    server_name: str,
    name: str,
    value: str,
    username: str | None,
) -> Secret:
    """Store a user's secret for a server, replacing one of the same name.

    Raises:
        AppError: INVALID_INPUT, FORBIDDEN or SERVER_NOT_FOUND.
    """
    ref = _ref(principal, server_name=server_name, name=name, username=username)
    check_secret_value(value, "value")
    deps.seen.note([value])
    await get_server(deps, server_name)
    sealed = deps.vault.seal(ref, value)
    return await deps.secrets.put(ref, sealed, deps.vault.key_id, utc_now())


async def delete_secret(
    deps: Deps, principal: Principal, *, server_name: str, name: str, username: str | None
) -> bool:
    """Remove a user's secret; False when there was none, which is fine.

    Raises:
        AppError: INVALID_INPUT or FORBIDDEN.
    """
    ref = _ref(principal, server_name=server_name, name=name, username=username)
    return await deps.secrets.delete(ref)


async def list_secrets(
    deps: Deps,
    principal: Principal,
    *,
    username: str | None,
    server_name: str | None,
    page: PageRequest,
) -> Page[Secret]:
    """A user's secrets by server and name, never a value.

    Raises:
        AppError: INVALID_INPUT or FORBIDDEN.
    """
    check_page(page)
    user = acting_user(principal, username)
    if server_name is not None:
        check_server_name(server_name, "serverName")
    if page.after is not None and " " not in page.after:
        raise invalid("after is not a cursor of this listing.", "after")
    return cut_page(await deps.secrets.list_page(user, server_name, page), page.first)


async def find_secret(
    deps: Deps, principal: Principal, *, server_name: str, name: str, username: str | None
) -> Secret | None:
    """One of a user's secrets, without its value.

    Raises:
        AppError: INVALID_INPUT or FORBIDDEN.
    """
    return await deps.secrets.find(
        _ref(principal, server_name=server_name, name=name, username=username)
    )


async def warn_of_foreign_keys(deps: Deps) -> None:
    """Say so in the log when stored secrets cannot be opened with the key of this start."""
    count = await deps.secrets.count_other_keys(deps.vault.key_id)
    if count:
        log.warning(
            "%d stored secrets were sealed with another SECRETS_KEY than this one (%s) and cannot "
            "be opened with it. Start with the key they were stored under, or set them again.",
            count,
            deps.vault.key_id,
        )


async def open_secrets(deps: Deps, username: str, server_name: str) -> dict[str, str]:
    """The user's secrets for a server, opened, by name; for one call, then dropped.

    Raises:
        AppError: SECRET_UNREADABLE.
    """
    sealed = await deps.secrets.list_sealed(username, server_name)
    return {secret.ref.name: deps.vault.open(secret) for secret in sealed}


def _ref(principal: Principal, *, server_name: str, name: str, username: str | None) -> SecretRef:
    check_server_name(server_name, "serverName")
    check_secret_name(name, "name")
    return SecretRef(acting_user(principal, username), server_name, name)
