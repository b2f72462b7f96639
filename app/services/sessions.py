"""Sessions: looked at, watched, restarted."""

from collections.abc import AsyncGenerator, Callable

from app.domain.names import check_server_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.principal import Principal
from app.domain.session import ListingChange, ListingKind, SessionFilter, SessionView
from app.services.deps import Deps


def list_sessions(
    deps: Deps, principal: Principal, only: SessionFilter, page: PageRequest
) -> Page[SessionView]:
    """The sessions of this process by server and id; those of other users only for who may.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_page(page)
    wants = _wanted(principal, only)
    found = [view for view in deps.sessions.views() if wants(view)]
    after = page.after
    return cut_page([v for v in found if after is None or page_key(v) > after], page.first)


def sessions_of(deps: Deps, principal: Principal, server_name: str) -> list[SessionView]:
    """Every session of a server that the caller may see, in the order of `list_sessions`."""
    wants = _wanted(principal, SessionFilter(server_name))
    return [view for view in deps.sessions.views() if wants(view)]


def find_session(deps: Deps, principal: Principal, session_id: str) -> SessionView | None:
    """The session of that id, if it is in this process and the caller may see it."""
    wants = _wanted(principal, SessionFilter())
    return next((v for v in deps.sessions.views() if v.id == session_id and wants(v)), None)


def page_key(view: SessionView) -> str:
    """Where a session stands in the listing."""
    return f"{view.key.server_name} {view.id}"


def follow_sessions(
    deps: Deps, principal: Principal, server_name: str | None
) -> AsyncGenerator[SessionView, None]:
    """Every change of a session's state, beginning with how each is now.

    Raises:
        AppError: INVALID_INPUT; CONFLICT when the reader is too slow.
    """
    wants = _wanted(principal, SessionFilter(server_name))
    return deps.session_changes.follow(wants, first=deps.sessions.views())


def follow_listings(
    deps: Deps, principal: Principal, server_name: str | None, kinds: frozenset[ListingKind]
) -> AsyncGenerator[ListingChange, None]:
    """Every listing that a server says has changed, when it has been read again.

    Raises:
        AppError: INVALID_INPUT; CONFLICT when the reader is too slow.
    """
    if server_name is not None:
        check_server_name(server_name, "serverName")

    def wants(change: ListingChange) -> bool:
        is_its = server_name is None or change.key.server_name == server_name
        return is_its and change.kind in kinds and may_see(principal, change.key.owner)

    return deps.listing_changes.follow(wants)


async def memory_of(deps: Deps, view: SessionView) -> int | None:
    """The bytes that the session's process and its descendants hold; None for one elsewhere."""
    return None if view.pid is None else await deps.sessions.memory_bytes(view.pid)


def may_see(principal: Principal, owner: str | None) -> bool:
    """Whether the caller may know of a session of that owner."""
    return owner is None or owner == principal.subject or principal.may_act_for_anyone


def _wanted(principal: Principal, only: SessionFilter) -> Callable[[SessionView], bool]:
    if only.server_name is not None:
        check_server_name(only.server_name, "serverName")

    def wants(view: SessionView) -> bool:
        is_its = only.server_name is None or view.key.server_name == only.server_name
        is_so = only.state is None or view.state is only.state
        return is_its and is_so and may_see(principal, view.key.owner)

    return wants
