"""Undoing or finishing what was left half-done, also by a process that was killed."""

import logging

from app.domain.clock import utc_now
from app.domain.package import Package, PackageStatus
from app.services.deps import Deps
from app.services.leases import is_abandoned
from app.services.paging import every

log = logging.getLogger(__name__)


async def undo_install(deps: Deps, package: Package) -> None:
    """Remove every trace of an unfinished install; the record goes last."""
    await deps.servers.delete(package.server_name, install_id=package.install_id)
    await deps.files.remove(package.install_dir)
    await deps.packages.delete(package.install_id)


async def finish_uninstall(deps: Deps, package: Package) -> None:
    """Remove server, sessions, secrets, files and record, in that order; can be repeated."""
    await deps.servers.delete(package.server_name, install_id=package.install_id)
    deps.sessions.forget(package.server_name)
    if not package.keeps_secrets:
        await deps.secrets.delete_of_server(package.server_name)
    await deps.files.remove(package.install_dir)
    await deps.packages.delete(package.install_id)


async def recover(deps: Deps) -> None:
    """At start: undo installs and finish uninstalls that died, and delete strays on disk."""
    now = utc_now()
    for package in await deps.packages.list_unfinished():
        if is_abandoned(deps, package, now):
            await _recover(deps, package)
    # The folders first: an install that begins now has its record before its folder.
    folders = await deps.files.list_all()
    known = [p.install_dir async for p in every(deps.packages.list_page, lambda p: p.server_name)]
    for stray in sorted(set(folders).difference(known)):
        await deps.files.remove(stray)
        log.info("Removed %r, which no package record names.", stray)


async def recover_if_abandoned(deps: Deps, server_name: str) -> None:
    """Free a server name that a dead process has reserved."""
    package = await deps.packages.find(server_name)
    if package is None or package.status is PackageStatus.INSTALLED:
        return
    if is_abandoned(deps, package, utc_now()):
        await _recover(deps, package)


async def _recover(deps: Deps, package: Package) -> None:
    if package.status is PackageStatus.INSTALLING:
        log.info("Undoing the unfinished install of server %r.", package.server_name)
        await undo_install(deps, package)
    else:
        log.info("Finishing the uninstall of server %r.", package.server_name)
        await finish_uninstall(deps, package)
