"""Servers: add, change, enable, disable, delete, look at."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_server_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.server import (
    Launch,
    Server,
    ServerChanges,
    ServerSettings,
    ServerView,
    apply_changes,
    check_settings,
    launch_changed,
    new_revision,
    resolve_launch,
)
from app.services.deps import Deps
from app.services.paging import every

log = logging.getLogger(__name__)

STARTS_AT_ONCE = 2


async def get_server(deps: Deps, name: str) -> Server:
    """The server of that name.

    Raises:
        AppError: INVALID_INPUT or SERVER_NOT_FOUND.
    """
    check_server_name(name, "serverName")
    server = await deps.servers.find(name)
    if server is None:
        raise AppError(
            ErrorCode.SERVER_NOT_FOUND,
            f"There is no server named {name!r}.",
            path=("serverName",),
            hint="List the servers to see which there are; names are case-sensitive.",
        )
    return server


async def list_servers(deps: Deps, page: PageRequest) -> Page[Server]:
    """Servers by name.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_page(page)
    return cut_page(await deps.servers.list_page(page), page.first)


async def list_all_servers(deps: Deps) -> list[Server]:
    """Every server, by name."""
    return [server async for server in every(deps.servers.list_page, lambda s: s.name)]


async def find_servers(deps: Deps, names: Sequence[str]) -> dict[str, Server]:
    """Those of the servers that exist, by name."""
    return await deps.servers.find_many(names)


async def add_server(deps: Deps, settings: ServerSettings) -> Server:
    """Store a server; it starts in the background when it is enabled.

    Raises:
        AppError: INVALID_INPUT or CONFLICT.
    """
    check_settings(settings)
    if await deps.packages.find(settings.name) is not None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"A package for a server named {settings.name!r} is being installed.",
            path=("name",),
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
    await deps.servers.insert(server)
    start_soon(deps, server)
    return server


async def update_server(deps: Deps, name: str, changes: ServerChanges) -> Server:
    """Change a server; when its launch changes, calls in flight finish on the old session.

    Raises:
        AppError: INVALID_INPUT, SERVER_NOT_FOUND or CONFLICT.
    """
    before = await get_server(deps, name)
    settings = apply_changes(before.settings, changes)
    check_settings(settings)
    is_new_launch = launch_changed(before.settings, settings)
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


async def set_server_enabled(deps: Deps, name: str, *, is_enabled: bool) -> Server:
    """Allow or refuse calls; a server already so is left as it is.

    Raises:
        AppError: INVALID_INPUT, SERVER_NOT_FOUND or CONFLICT.
    """
    return await update_server(deps, name, ServerChanges(is_enabled=is_enabled))


async def delete_server(deps: Deps, name: str) -> None:
    """Remove a server, its sessions, and every user's secrets for it.

    Raises:
        AppError: INVALID_INPUT, SERVER_NOT_FOUND, or CONFLICT for a packaged server.
    """
    server = await get_server(deps, name)
    if server.install_id is not None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"Server {name!r} belongs to an installed package.",
            path=("serverName",),
            hint="Uninstall the package instead; that removes the server too.",
        )
    if not await deps.servers.delete(name, install_id=None):
        await get_server(deps, name)  # gone meanwhile: the same answer as for any unknown name
    deps.sessions.forget(name)
    await deps.secrets.delete_of_server(name)


def view_server(deps: Deps, server: Server) -> ServerView:
    """The server with its state right now."""
    return ServerView(
        server=server,
        launch=launch_of(deps, server),
        status=deps.sessions.status(server.name, server.revision),
        last_error=deps.sessions.last_error(server.name, server.revision),
    )


def server_logs(deps: Deps, name: str, last: int) -> list[str]:
    """The last lines the server wrote to stderr, masked."""
    return deps.sessions.logs(name, last)


def launch_of(deps: Deps, server: Server) -> Launch:
    """How to start the server on this machine."""
    folder = None if server.package_dir is None else deps.files.path(server.package_dir)
    return resolve_launch(server.settings, folder)


async def start_enabled_servers(deps: Deps) -> None:
    """Start every enabled server, a few at a time; one that fails stops no other."""
    slots = asyncio.Semaphore(STARTS_AT_ONCE)

    async def start(server: Server) -> None:
        async with slots:
            await _start(deps, server)

    enabled = [s for s in await list_all_servers(deps) if s.settings.is_enabled]
    async with asyncio.TaskGroup() as group:
        for server in enabled:
            group.create_task(start(server))


def start_soon(deps: Deps, server: Server) -> None:
    """Start an enabled server in the background; whether it worked shows in its status."""
    if server.settings.is_enabled:
        deps.operations.start(_start(deps, server), name=f"start {server.name}")


async def _start(deps: Deps, server: Server) -> None:
    try:
        async with deps.sessions.use(server.name, server.revision, launch_of(deps, server)):
            log.info("Server %r is up.", server.name)
    except AppError:
        log.debug("Server %r did not start; its status says why.", server.name)
