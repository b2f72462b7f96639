"""Servers: add, change, enable, disable, delete, look at."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.launch import StdioLaunch
from app.domain.names import check_server_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action, is_granted
from app.domain.principal import Principal
from app.domain.server import (
    Server,
    ServerChanges,
    ServerSettings,
    ServerView,
    apply_changes,
    launch_changed,
    name_taken,
    new_revision,
    unknown_server,
    without_launch,
)
from app.domain.server_rules import check_reach, check_settings
from app.domain.shown_settings import shown_settings, with_masked_kept
from app.domain.signals import RestartWish
from app.services.access import Operation, may_see, operation
from app.services.deps import Deps
from app.services.paging import every
from app.services.starts import launch_of, start_soon

log = logging.getLogger(__name__)


async def get_server(deps: Deps, name: str) -> Server:
    """The server of that name.

    Raises:
        AppError: INVALID_INPUT or SERVER_NOT_FOUND.
    """
    check_server_name(name, "serverName")
    server = await deps.servers.find(name)
    if server is None:
        raise unknown_server(name)
    return server


async def get_enabled_server(deps: Deps, name: str, allowed: Operation | None = None) -> Server:
    """The server of that name, ready for calls; with an operation, only one that admits it.

    Raises:
        AppError: INVALID_INPUT, SERVER_NOT_FOUND or SERVER_DISABLED.
    """
    server = deps.servers.recall(name)
    if server is None or not server.settings.is_enabled:
        server = await get_server(deps, name)  # a refusal is never from memory
    if allowed is not None:
        allowed.admit(server)
    if not server.settings.is_enabled:
        raise AppError(
            ErrorCode.SERVER_DISABLED,
            f"Server {server.name!r} is disabled.",
            path=("serverName",),
            hint="Enable it first.",
        )
    return server


async def show_server(deps: Deps, caller: Principal, name: str) -> Server:
    """The server of that name, if the caller may see it.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or SERVER_NOT_FOUND.
    """
    async with operation(deps, caller, Action.READ_SERVERS, server_name=name) as allowed:
        return allowed.admit(await get_server(deps, name))


async def list_servers(deps: Deps, caller: Principal, page: PageRequest) -> Page[Server]:
    """The servers that the caller may see, by name.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    check_page(page)
    async with operation(deps, caller, Action.READ_SERVERS):
        found: list[Server] = []
        async for server in every(deps.servers.list_page, lambda s: s.name, page):
            if may_see(caller, server):
                found.append(server)
            if len(found) > page.first:
                break
        return cut_page(found, page.first)


async def list_all_servers(deps: Deps, caller: Principal) -> list[Server]:
    """Every server that the caller may see, by name.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_SERVERS):
        stored = every(deps.servers.list_page, lambda s: s.name)
        return [server async for server in stored if may_see(caller, server)]


async def find_servers(deps: Deps, caller: Principal, names: Sequence[str]) -> dict[str, Server]:
    """Those of the servers that exist and that the caller may see, by name.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_SERVERS):
        found = await deps.servers.find_many(names)
        return {name: server for name, server in found.items() if may_see(caller, server)}


async def add_server(deps: Deps, caller: Principal, settings: ServerSettings) -> Server:
    """Store a server; it starts in the background when it is enabled.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or CONFLICT.
    """
    async with operation(deps, caller, Action.ADD_SERVER, server_name=settings.name):
        return await _add_server(deps, settings)


async def _add_server(deps: Deps, settings: ServerSettings) -> Server:
    check_settings(settings)
    check_reach(settings, deps.reach)
    package = await deps.packages.find(settings.name)
    if package is not None and package.build is not None:
        raise name_taken(settings.name)
    if package is not None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"A package for a server named {settings.name!r} is being installed.",
            path=("serverName",),
            hint="Choose another name.",
        )
    now = utc_now()
    server = Server(
        settings=settings,
        revision=new_revision(),
        package_dir=None,
        install_id=None,
        tools=(),
        created_at=now,
        updated_at=now,
    )

    async def store() -> Server:
        await deps.servers.insert(server)
        start_soon(deps, server)
        return server

    return await deps.operations.run(store(), f"add {server.name}")


async def update_server(deps: Deps, caller: Principal, name: str, changes: ServerChanges) -> Server:
    """Change a server; when its launch changes, calls in flight finish on the old session.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, SERVER_NOT_FOUND or CONFLICT.
    """
    async with operation(deps, caller, Action.UPDATE_SERVER, server_name=name):
        return await change_server(deps, name, changes)


async def change_server(deps: Deps, name: str, changes: ServerChanges) -> Server:
    """Change a server, for an operation that has been allowed."""
    return await deps.operations.run(_update_server(deps, name, changes), f"update {name}")


async def _update_server(deps: Deps, name: str, changes: ServerChanges) -> Server:
    before = await get_server(deps, name)
    settings = with_masked_kept(apply_changes(before.settings, changes), before.settings)
    check_settings(settings)
    is_new_launch = launch_changed(before.settings, settings)
    if is_new_launch:
        check_reach(settings, deps.reach)
    after = replace(
        before,
        settings=settings,
        revision=new_revision() if is_new_launch else before.revision,
        updated_at=utc_now(),
    )
    await deps.servers.replace(after, expected=before)
    if is_new_launch:
        deps.sessions.retire(name, before.revision)
        start_soon(deps, after)
    return after


async def set_server_enabled(
    deps: Deps, caller: Principal, name: str, *, is_enabled: bool
) -> Server:
    """Allow or refuse calls; a server already so is left as it is.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, SERVER_NOT_FOUND or CONFLICT.
    """
    async with operation(deps, caller, Action.SET_SERVER_ENABLED, server_name=name):
        return await change_server(deps, name, ServerChanges(is_enabled=is_enabled))


async def delete_server(deps: Deps, caller: Principal, name: str) -> None:
    """Remove a server, its sessions, and every user's secrets for it.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, SERVER_NOT_FOUND, or CONFLICT for a packaged server.
    """
    async with operation(deps, caller, Action.DELETE_SERVER, server_name=name):
        server = await get_server(deps, name)
        if server.install_id is not None:
            raise AppError(
                ErrorCode.CONFLICT,
                f"Server {name!r} belongs to an installed package.",
                path=("serverName",),
                hint="Uninstall the package instead; that removes the server too.",
            )
        await deps.operations.run(_delete_server(deps, name), f"delete {name}")


async def _delete_server(deps: Deps, name: str) -> None:
    # The secrets first: whatever ends us in between, no later server of that name gets them.
    await deps.secrets.delete_of_server(name)
    if not await deps.servers.delete(name, install_id=None):
        await get_server(deps, name)  # gone meanwhile: the same answer as for any unknown name
    deps.sessions.forget(name)
    await deps.secrets.delete_of_server(name)  # those set meanwhile


def view_server(deps: Deps, caller: Principal, server: Server) -> ServerView:
    """The server as it is shown, with its state right now.

    How it is reached is only for who may know that, and what looks like a credential for nobody.
    """
    status = deps.sessions.status(server.name, server.revision)
    if not is_granted(caller, Action.READ_SERVER_DETAILS):
        shown = replace(server, settings=without_launch(server.settings))
        return ServerView(
            server=shown, program=None, has_details=False, status=status, last_error=None
        )
    settings = shown_settings(server.settings)
    shown = server if settings is server.settings else replace(server, settings=settings)
    launch = launch_of(deps, shown, None)
    return ServerView(
        server=shown,
        program=launch if isinstance(launch, StdioLaunch) else None,
        has_details=True,
        status=status,
        last_error=deps.sessions.last_error(server.name, server.revision),
    )


def server_logs(deps: Deps, caller: Principal, name: str, last: int) -> list[str]:
    """The last lines the server wrote to stderr, masked; none for who may not read them."""
    may_read = is_granted(caller, Action.READ_SERVER_DETAILS)
    return deps.sessions.logs(name, last) if may_read else []


async def restart_server(deps: Deps, caller: Principal, name: str) -> Server:
    """Replace the server's sessions by new ones, in every process; calls in flight finish.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, SERVER_NOT_FOUND or SERVER_DISABLED.
    """
    async with operation(deps, caller, Action.RESTART_SERVER, server_name=name):
        server = await get_enabled_server(deps, name)
        deps.sessions.restart(name)
        start_soon(deps, server)
        deps.outbox.put(RestartWish(name))
        return server
