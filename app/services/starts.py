"""How servers are reached and started on this machine."""

import logging

from app.domain.delivery import Delivered, SecretBundle
from app.domain.errors import AppError
from app.domain.launch import Launch
from app.domain.ports import Session
from app.domain.server import Isolation, Server
from app.domain.server_rules import needs_user, plan_session, resolve_launch, session_key
from app.domain.session import SessionPlan
from app.services.deps import Deps
from app.services.local_builds import ensure_local
from app.services.paging import every

log = logging.getLogger(__name__)


def plan_of(deps: Deps, server: Server, secrets: SecretBundle | None) -> SessionPlan:
    """The session for a call with these secrets; without any, the shared one, or a trial start."""
    delivered = None if secrets is None else secrets.delivered
    return plan_session(server, launch_of(deps, server, delivered), secrets)


async def hold_session(deps: Deps, server: Server, secrets: SecretBundle) -> Session:
    """The session for a call with these secrets, to be let go of in any case.

    How to start it is worked out only if it is not up.
    """
    live = deps.sessions.hold_live(session_key(server, secrets))
    return live or await deps.sessions.hold(plan_of(deps, server, secrets))


def launch_of(deps: Deps, server: Server, secrets: Delivered | None) -> Launch:
    """How to reach the server from this machine."""
    folder = None if server.package_dir is None else deps.files.path(server.package_dir)
    return resolve_launch(server.settings, folder, secrets, reach=deps.reach)


async def start_enabled_servers(deps: Deps) -> None:
    """Start every enabled server in the background."""
    async for server in every(deps.servers.list_page, lambda s: s.name):
        start_here(deps, server)


def start_here(deps: Deps, server: Server) -> None:
    """Start an enabled server in the background, whose files may not be on this machine yet."""
    if server.package_dir is None:
        start_soon(deps, server)
    elif server.settings.is_enabled:
        deps.operations.start(_fetch_and_start(deps, server), f"start {server.name}")


async def _fetch_and_start(deps: Deps, server: Server) -> None:
    """Start a server whose files another replica may have installed."""
    try:
        await ensure_local(deps, server)
    except AppError as error:
        log.warning("Server %r cannot be started: %s", server.name, error.sentence())
        return
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
