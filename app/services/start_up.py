"""Starting the servers that are enabled, when the product starts."""

import logging

from app.domain.errors import AppError
from app.domain.server import Server
from app.services.deps import Deps
from app.services.local_builds import ensure_local
from app.services.paging import every
from app.services.servers import start_soon

log = logging.getLogger(__name__)


async def start_enabled_servers(deps: Deps) -> None:
    """Start every enabled server in the background."""
    async for server in every(deps.servers.list_page, lambda s: s.name):
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
