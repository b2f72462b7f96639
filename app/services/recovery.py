"""Undoing or finishing what was left half-done, also by a process that was killed."""

import logging
from dataclasses import replace

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.package_record import Package, PackageStatus
from app.services.deps import Deps
from app.services.leases import is_abandoned, lease_until, new_owner, taken_over
from app.services.paging import every

log = logging.getLogger(__name__)

ATTEMPTS = 5
INTERRUPTED = (
    "An upgrade or rollback was cut short because its process ended; the version that served is "
    "kept. Start it again."
)


async def recover(deps: Deps) -> None:
    """At start: finish or undo operations that died, and delete strays on disk."""
    for package in await deps.packages.list_unfinished():
        if is_abandoned(deps, package, utc_now()):
            await _recover(deps, package)
    # The folders first: an operation that begins now has its record before its folder.
    folders = await deps.files.list_all()
    known: set[str] = set()
    async for package in every(deps.packages.list_page, lambda p: p.server_name):
        known |= package.folders()
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
    """Take the operation over: from now on its process, should it live, can store nothing."""
    owner, until = new_owner(deps), lease_until(utc_now())
    if await deps.packages.take_over(package, owner=owner, expires_at=until):
        log.info(
            "Server %r was left %s; finishing or undoing that.", package.server_name, package.status
        )
        await finish_or_undo(deps, package.leased(owner, until), why=INTERRUPTED)


async def finish_or_undo(deps: Deps, package: Package, *, why: str | None) -> None:
    """Finish an operation that has reached the server, undo any other; can be repeated.

    The server's own document says which it is: it is started from the new folder or it is not.
    `why` is kept as the reason of a failed upgrade; None where that is nobody's failure.
    """
    if package.status is PackageStatus.UNINSTALLING:
        await finish_uninstall(deps, package)
    elif await _is_switched(deps, package):
        await settle(deps, package)
    elif package.status is PackageStatus.INSTALLING:
        await _undo_install(deps, package)
    else:
        await let_go(deps, replace(package, error=why or package.error))


async def settle(deps: Deps, package: Package) -> Package:
    """The record after its candidate serves; what no longer belongs to it is removed.

    Raises:
        AppError: CONFLICT when the operation has been taken over.
    """
    done = package.settled(utc_now())
    await _store(deps, package, done)
    await deps.removed_packages.forget(package.server_name)
    return done


async def let_go(deps: Deps, package: Package) -> Package:
    """The record after an operation that has switched nothing; what it has made is removed.

    Raises:
        AppError: CONFLICT when the operation has been taken over.
    """
    done = package.idle()
    await _store(deps, package, done)
    return done


async def finish_uninstall(deps: Deps, package: Package) -> None:
    """Remove server, sessions, secrets, files and record, in that order; can be repeated."""
    await deps.removed_packages.note(package.server_name, utc_now())
    await deps.servers.delete(package.server_name, install_id=package.install_id)
    deps.sessions.forget(package.server_name)
    if not package.keeps_secrets:
        await deps.secrets.delete_of_server(package.server_name)
    await _remove(deps, package.folders())
    await deps.packages.delete(package.install_id, owner=package.lease_owner or "")


async def _undo_install(deps: Deps, package: Package) -> None:
    """Remove every trace of an unfinished install; the record goes last."""
    await deps.servers.delete(package.server_name, install_id=package.install_id)
    await _remove(deps, package.folders())
    await deps.packages.delete(package.install_id, owner=package.lease_owner or "")


async def _is_switched(deps: Deps, package: Package) -> bool:
    """Whether the server is started from the candidate; if it is not, from now on it cannot be.

    Its process may be alive after all and about to write the server, if its machine had stood
    still: the time of change is moved, so that this write finds another server than it expects.
    """
    for _ in range(ATTEMPTS):
        server = await deps.servers.find(package.server_name)
        if server is None or server.install_id != package.install_id:
            return False
        if package.was_switched(server.package_dir):
            return True
        if package.candidate is None:
            return False
        fenced = replace(server, updated_at=utc_now())
        if await deps.servers.switch(fenced, expected=server):
            return False
    raise AppError(ErrorCode.CONFLICT, f"Server {package.server_name!r} is being changed.")


async def _store(deps: Deps, before: Package, done: Package) -> None:
    if not await deps.packages.store(done, owner=before.lease_owner or ""):
        raise taken_over(before.name)
    await _remove(deps, before.folders() - done.folders())


async def _remove(deps: Deps, folders: frozenset[str]) -> None:
    for folder in sorted(folders):
        deps.local_builds.forget(folder)
        await deps.files.remove(folder)
