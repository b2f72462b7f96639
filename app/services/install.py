"""The install itself: fetch, prove, switch in; or undo every trace."""

import asyncio
import logging
from dataclasses import replace

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.package import (
    InstalledFiles,
    InstallPhase,
    InstallRequest,
    Package,
    PackageStatus,
)
from app.domain.ports import Report
from app.domain.server import Server, ServerSettings, new_revision
from app.domain.server_rules import needs_user
from app.domain.tool import Tool
from app.services.deps import Deps
from app.services.leases import keep_lease
from app.services.recovery import undo_install
from app.services.servers import plan_of

log = logging.getLogger(__name__)


async def install_claimed(
    deps: Deps, request: InstallRequest, package: Package
) -> tuple[Package, Server]:
    """Carry out an install whose server name is already reserved by `package`.

    The record becomes `installed` last, in one atomic write; before that, any failure and any
    cancellation undoes everything, and a killed process is cleaned up after at the next start.

    Raises:
        AppError: See `install_package`.
    """
    report = deps.progress.reporter(request.server_name, request.source.name)
    report(InstallPhase.RESOLVING, f"{request.source.name} {request.source.version}")
    try:
        async with keep_lease(deps, package):
            return await _install(deps, request, package, report)
    except asyncio.CancelledError:
        await _undo(deps, package)
        report(InstallPhase.FAILED, "cancelled")
        raise
    except AppError as error:
        await _undo(deps, package)
        report(InstallPhase.FAILED, error.sentence())
        raise
    except Exception:
        await _undo(deps, package)
        report(InstallPhase.FAILED, "an internal error; the log has it")
        raise


async def _install(
    deps: Deps, request: InstallRequest, package: Package, report: Report
) -> tuple[Package, Server]:
    folder = await deps.files.create(package.install_dir)
    files = await deps.installers[request.source.runtime].install(request.source, folder, report)
    server = _server_of(request, package, files)
    report(InstallPhase.VERIFYING, "starting the server and asking for its tools")
    try:
        server = replace(server, tools=await _tools_of(deps, server, report))
        await deps.files.seal(package.install_dir)
        report(InstallPhase.SWITCHING, f"{request.source.name} {files.version}")
        await deps.servers.insert(server)
        done = _finished(package, files)
        await _complete(deps, done)
    except BaseException:
        deps.sessions.retire(server.name, server.revision)
        raise
    if not request.is_enabled:
        deps.sessions.retire(server.name, server.revision)
    report(InstallPhase.DONE, f"{len(server.tools)} tools")
    return done, server


async def _tools_of(deps: Deps, server: Server, report: Report) -> tuple[Tool, ...]:
    """The tools of a server that starts; none yet of one that needs a user's secrets for it."""
    try:
        async with deps.sessions.use(plan_of(deps, server, None)) as session:
            return tuple(session.tools.values())
    except AppError as error:
        if error.code is not ErrorCode.SERVER_DID_NOT_START or not needs_user(server.settings):
            raise
        report(InstallPhase.VERIFYING, "it needs a user's secrets to start; a call will show")
        return ()


async def _complete(deps: Deps, done: Package) -> None:
    if not await deps.packages.complete(done):
        raise AppError(
            ErrorCode.CONFLICT,
            f"The install of {done.name} was taken over by another process.",
            hint="Try again.",
        )


async def _undo(deps: Deps, package: Package) -> None:
    """Undo, to the end even when we are being cancelled; what fails is done at the next start."""
    try:
        await asyncio.shield(asyncio.ensure_future(undo_install(deps, package)))
    except AppError as error:
        log.warning("An install is not undone yet (%s); it will be at the next start.", error)


def _server_of(request: InstallRequest, package: Package, files: InstalledFiles) -> Server:
    now = utc_now()
    return Server(
        settings=ServerSettings(
            name=request.server_name,
            command=files.command,
            display_name=request.display_name,
            description=request.description,
            args=files.args,
            env=request.env,
            secrets=request.secrets,
            startup_timeout_seconds=request.startup_timeout_seconds,
            is_enabled=request.is_enabled,
        ),
        revision=new_revision(),
        package_dir=package.install_dir,
        install_id=package.install_id,
        tools=(),
        created_at=now,
        updated_at=now,
    )


def _finished(package: Package, files: InstalledFiles) -> Package:
    return replace(
        package,
        version=files.version,
        integrity=files.integrity,
        status=PackageStatus.INSTALLED,
        lease_owner=None,
        lease_expires_at=None,
        installed_at=utc_now(),
    )
