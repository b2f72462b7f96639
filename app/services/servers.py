"""Servers: add, change, enable, disable, delete, look at."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.clock import utc_now
from app.domain.delivery import Delivered, SecretBundle
from app.domain.errors import AppError, ErrorCode
from app.domain.launch import Launch, StdioLaunch
from app.domain.names import check_server_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.server import (
    Isolation,
    Server,
    ServerChanges,
    ServerSettings,
    ServerView,
    apply_changes,
    launch_changed,
    new_revision,
)
from app.domain.server_rules import check_settings, needs_user, plan_session, resolve_launch
from app.domain.session import SessionPlan
from app.domain.shown_settings import shown_settings, with_masked_kept
from app.services.deps import Deps
from app.services.paging import every


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


async def get_enabled_server(deps: Deps, name: str) -> Server:
    """The server of that name, ready for calls.

    Raises:
        AppError: INVALID_INPUT, SERVER_NOT_FOUND or SERVER_DISABLED.
    """
    check_server_name(name, "serverName")
    kept = await deps.servers.recall(name)
    if kept is not None and kept.settings.is_enabled:
        return kept
    server = await get_server(deps, name)  # a refusal is never from memory
    if not server.settings.is_enabled:
        raise AppError(
            ErrorCode.SERVER_DISABLED,
            f"Server {server.name!r} is disabled.",
            path=("serverName",),
            hint="Enable it first.",
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

    async def store() -> Server:
        await deps.servers.insert(server)
        start_soon(deps, server)
        return server

    return await deps.operations.run(store(), f"add {server.name}")


async def update_server(deps: Deps, name: str, changes: ServerChanges) -> Server:
    """Change a server; when its launch changes, calls in flight finish on the old session.

    Raises:
        AppError: INVALID_INPUT, SERVER_NOT_FOUND or CONFLICT.
    """
    return await deps.operations.run(_update_server(deps, name, changes), f"update {name}")


async def _update_server(deps: Deps, name: str, changes: ServerChanges) -> Server:
    before = await get_server(deps, name)
    settings = with_masked_kept(apply_changes(before.settings, changes), before.settings)
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
    await deps.operations.run(_delete_server(deps, name), f"delete {name}")


async def _delete_server(deps: Deps, name: str) -> None:
    # The secrets first: whatever ends us in between, no later server of that name gets them.
    await deps.secrets.delete_of_server(name)
    if not await deps.servers.delete(name, install_id=None):
        await get_server(deps, name)  # gone meanwhile: the same answer as for any unknown name
    deps.sessions.forget(name)
    await deps.secrets.delete_of_server(name)  # those set meanwhile


def view_server(deps: Deps, server: Server) -> ServerView:
    """The server as it is shown, with its state right now."""
    shown = replace(server, settings=shown_settings(server.settings))
    launch = _launch_of(deps, shown, None)
    return ServerView(
        server=shown,
        program=launch if isinstance(launch, StdioLaunch) else None,
        status=deps.sessions.status(server.name, server.revision),
        last_error=deps.sessions.last_error(server.name, server.revision),
    )


def server_logs(deps: Deps, name: str, last: int) -> list[str]:
    """The last lines the server wrote to stderr, masked."""
    return deps.sessions.logs(name, last)


def plan_of(deps: Deps, server: Server, secrets: SecretBundle | None) -> SessionPlan:
    """The session for a call with these secrets; without any, the shared one, or a trial start."""
    delivered = None if secrets is None else secrets.delivered
    return plan_session(server, _launch_of(deps, server, delivered), secrets)


def _launch_of(deps: Deps, server: Server, secrets: Delivered | None) -> Launch:
    """How to reach the server from this machine."""
    folder = None if server.package_dir is None else deps.files.path(server.package_dir)
    return resolve_launch(server.settings, folder, secrets)


async def restart_server(deps: Deps, name: str) -> Server:
    """Replace the server's sessions in this process by new ones; calls in flight finish.

    Raises:
        AppError: INVALID_INPUT, SERVER_NOT_FOUND or SERVER_DISABLED.
    """
    server = await get_enabled_server(deps, name)
    deps.sessions.restart(name)
    start_soon(deps, server)
    return server


async def start_enabled_servers(deps: Deps) -> None:
    """Start every enabled server in the background."""
    for server in await list_all_servers(deps):
        start_soon(deps, server)


def start_soon(deps: Deps, server: Server) -> None:
    """Start an enabled server in the background; whether it worked shows in its status.

    One whose users have sessions of their own is started once, to learn its tools; one that
    cannot start without somebody's secrets waits for that user's first call.
    """
    is_own = server.settings.isolation is Isolation.PER_USER
    is_waiting = needs_user(server.settings) or (is_own and server.tools)
    if server.settings.is_enabled and not is_waiting:
        deps.sessions.keep(plan_of(deps, server, None))
