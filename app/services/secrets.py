"""Secrets: set, listed by name, removed, and opened for the one call that needs them."""

import logging
from dataclasses import dataclass

from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.names import check_secret_name, check_secret_value, check_server_name
from app.domain.news import SecretNews
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.secret import SHARED, Secret, SecretRef
from app.services.access import Operation, operation
from app.services.carriers import end_stale_carriers
from app.services.data_keys import store_sealed
from app.services.deps import Deps, KeyDeps
from app.services.rotation import key_usage
from app.services.servers import get_server

log = logging.getLogger(__name__)

# Of one user for all servers, and of one server for all users.
MOST_SECRETS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which secret a request means: a user's, by default the caller's, or one that all share."""

    server_name: str
    name: str
    username: str | None = None
    is_shared: bool = False


async def set_secret(deps: Deps, caller: Principal, place: Place, value: str) -> Secret:
    """Store a secret for a server, replacing the one at that place.

    Sessions that were started with what was there before end when their calls are done.

    Raises:
        AppError: INVALID_INPUT, FORBIDDEN, SERVER_NOT_FOUND, CONFLICT for one too many, or
            SECRET_KEY_MISSING when the user's data key cannot be opened.
    """
    async with _operation(deps, caller, Action.SET_SECRET, place) as allowed:
        ref = _ref(allowed, place)
        check_secret_value(value, "value")
        deps.seen.note([value])
        allowed.admit(await get_server(deps, place.server_name))
        await _check_room(deps, ref)
        stored = await store_sealed(deps, ref, value)
        await end_stale_carriers(deps, [SecretNews(ref.username, ref.server_name)])
        return stored


async def delete_secret(deps: Deps, caller: Principal, place: Place) -> bool:
    """Remove a secret; False when there was none, which is fine.

    Raises:
        AppError: INVALID_INPUT or FORBIDDEN.
    """
    async with _operation(deps, caller, Action.DELETE_SECRET, place) as allowed:
        ref = _ref(allowed, place)
        was_there = await deps.secrets.delete(ref)
        await end_stale_carriers(deps, [SecretNews(ref.username, ref.server_name)])
        return was_there


async def list_secrets(
    deps: Deps,
    caller: Principal,
    *,
    username: str | None,
    server_name: str | None,
    page: PageRequest,
    is_shared: bool = False,
) -> Page[Secret]:
    """Secrets of a user, or those that all users share, by server and name; never a value.

    Raises:
        AppError: INVALID_INPUT or FORBIDDEN.
    """
    check_page(page)
    async with operation(
        deps,
        caller,
        Action.READ_SECRETS,
        server_name=server_name,
        username=username,
        is_shared=is_shared,
    ) as allowed:
        if server_name is not None:
            check_server_name(server_name, "serverName")
        if page.after is not None and " " not in page.after:
            raise invalid("after is not a cursor of this listing.", "after")
        found = await deps.secrets.list_page(allowed.username, server_name, page)
        return cut_page(found, page.first)


async def find_secret(deps: Deps, caller: Principal, place: Place) -> Secret | None:
    """One secret, without its value.

    Raises:
        AppError: INVALID_INPUT or FORBIDDEN.
    """
    async with _operation(deps, caller, Action.READ_SECRETS, place) as allowed:
        return await deps.secrets.find(_ref(allowed, place))


async def warn_of_foreign_keys(deps: KeyDeps) -> None:
    """Say so in the log when stored secrets cannot be opened with the keys of this start."""
    for usage in await key_usage(deps):
        if usage.is_needed and not usage.is_known:
            log.warning(
                "The secrets of %d users, and %d more, need the deployment key %s, which this "
                "process does not have. Start with it in SECRETS_KEYS_OLD, or set them again.",
                usage.data_keys,
                usage.v1_secrets,
                usage.key_id,
            )


def _operation(deps: Deps, caller: Principal, action: Action, place: Place) -> Operation:
    return operation(
        deps,
        caller,
        action,
        server_name=place.server_name,
        target=place.name,
        username=place.username,
        is_shared=place.is_shared,
    )


def _ref(allowed: Operation, place: Place) -> SecretRef:
    check_server_name(place.server_name, "serverName")
    check_secret_name(place.name, "name")
    return SecretRef(allowed.username, place.server_name, place.name)


async def _check_room(deps: Deps, ref: SecretRef) -> None:
    is_shared = ref.username == SHARED
    server_name = ref.server_name if is_shared else None
    if await deps.secrets.count(ref.username, server_name) < MOST_SECRETS:
        return
    if await deps.secrets.find(ref) is None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"There are {MOST_SECRETS} secrets already, which is the most for one "
            f"{'server to share' if is_shared else 'user'}.",
            hint="Delete one that is no longer needed.",
        )
