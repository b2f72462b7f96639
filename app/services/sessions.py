"""Sessions: looked at, watched, restarted."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from app.domain.names import check_server_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action, is_granted
from app.domain.principal import Principal
from app.domain.session import ListingChange, ListingKind, SessionFilter, SessionView
from app.services.access import operation
from app.services.deps import Deps


async def list_sessions(
    deps: Deps, caller: Principal, only: SessionFilter, page: PageRequest
) -> Page[SessionView]:
    """The sessions of this process by server and id; those of other users only for who may.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    async with operation(deps, caller, Action.READ_SESSIONS, server_name=only.server_name):
        check_page(page)
        wants = _wanted(caller, only)
        found = [view for view in deps.sessions.views() if wants(view)]
        after = page.after
        return cut_page([v for v in found if after is None or page_key(v) > after], page.first)


async def sessions_of(deps: Deps, caller: Principal, server_name: str) -> list[SessionView]:
    """Every session of a server that the caller may see, in the order of `list_sessions`.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_SESSIONS, server_name=server_name):
        wants = _wanted(caller, SessionFilter(server_name))
        return [view for view in deps.sessions.views() if wants(view)]


async def find_session(deps: Deps, caller: Principal, session_id: str) -> SessionView | None:
    """The session of that id, if it is in this process and the caller may see it.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_SESSIONS):
        wants = _wanted(caller, SessionFilter())
        return next((v for v in deps.sessions.views() if v.id == session_id and wants(v)), None)


def page_key(view: SessionView) -> str:
    """Where a session stands in the listing."""
    return f"{view.key.server_name} {view.id}"


async def follow_sessions(
    deps: Deps, caller: Principal, server_name: str | None
) -> AsyncGenerator[SessionView, None]:
    """Every change of a session's state, beginning with how each is now.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT; CONFLICT when the reader is too slow.
    """
    async with operation(deps, caller, Action.WATCH_SESSIONS, server_name=server_name):
        wants = _wanted(caller, SessionFilter(server_name))
        changes = deps.session_changes.follow(wants, first=deps.sessions.views())
        async with aclosing(changes):
            async for view in changes:
                yield view


async def follow_listings(
    deps: Deps, caller: Principal, server_name: str | None, kinds: frozenset[ListingKind]
) -> AsyncGenerator[ListingChange, None]:
    """Every listing that a server says has changed, when it has been read again.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT; CONFLICT when the reader is too slow.
    """

    def wants(change: ListingChange) -> bool:
        owner = change.key.owner
        is_its = server_name is None or change.key.server_name == server_name
        is_for_caller = owner is None or caller.may_act_for(owner)
        return is_its and change.kind in kinds and is_for_caller

    async with operation(deps, caller, Action.WATCH_LISTINGS, server_name=server_name):
        if server_name is not None:
            check_server_name(server_name, "serverName")
        async with aclosing(deps.listing_changes.follow(wants)) as changes:
            async for change in changes:
                yield change


async def memory_of(deps: Deps, view: SessionView) -> int | None:
    """The bytes that the session's process and its descendants hold; None for one elsewhere."""
    return None if view.pid is None else await deps.sessions.memory_bytes(view.pid)


def may_see_session(caller: Principal, owner: str | None) -> bool:
    """Whether the caller may know of a session of that owner.

    One that all users share tells of all of them, in what its server writes.
    """
    may_manage = is_granted(caller, Action.READ_SERVER_DETAILS)
    return may_manage if owner is None else caller.may_act_for(owner)


def _wanted(caller: Principal, only: SessionFilter) -> Callable[[SessionView], bool]:
    if only.server_name is not None:
        check_server_name(only.server_name, "serverName")

    def wants(view: SessionView) -> bool:
        is_its = only.server_name is None or view.key.server_name == only.server_name
        is_so = only.state is None or view.state is only.state
        return is_its and is_so and may_see_session(caller, view.key.owner)

    return wants
