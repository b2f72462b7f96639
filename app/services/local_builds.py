"""The versions of packages on this machine; those that another replica installed are fetched."""

import asyncio
import logging
from dataclasses import replace

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstalledFiles, InstallPhase
from app.domain.package_ports import Report
from app.domain.package_record import Package, PackageBuild
from app.domain.server import Server, Transport
from app.services.deps import Deps

log = logging.getLogger(__name__)


async def ensure_local(deps: Deps, server: Server) -> None:
    """Return when the server's files are on this machine, fetched if they were not.

    What is fetched is the very version that is recorded, by its hash. The fetch goes on when
    the caller goes away; all who wait for it share one.

    Raises:
        AppError: REGISTRY_UNAVAILABLE, INSTALL_FAILED and the like.
    """
    folder, builds = server.package_dir, deps.local_builds
    is_run_here = server.settings.transport is Transport.STDIO
    if folder is None or folder in builds.whole or not is_run_here:
        return
    if deps.files.is_whole(folder):
        builds.whole.add(folder)
        return
    if folder not in builds.fetches:
        task = deps.operations.start(_fetch(deps, server.name, folder), f"fetch {folder}")
        builds.fetches[folder] = task
        task.add_done_callback(lambda _: builds.fetches.pop(folder, None))
    await asyncio.shield(builds.fetches[folder])


async def _fetch(deps: Deps, server_name: str, folder: str) -> None:
    package = await deps.packages.find(server_name)
    build = None if package is None else _find_build(package, folder)
    if package is None or build is None:
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            f"The files of server {server_name!r} are not on this machine.",
            hint="Uninstall the package, and install it again.",
        )
    report = deps.progress.reporter(server_name, package.name)
    log.info("Fetching %s %s for server %r.", package.name, build.version, server_name)
    try:
        await fetch_build(deps, package, build, report)
    except BaseException as error:
        told = error.sentence() if isinstance(error, AppError) else "cut short"
        deps.local_builds.failures[folder] = deps.seen.mask(told)
        report(InstallPhase.FAILED, told)
        raise
    report(InstallPhase.DONE, f"{package.name} {build.version} is on this machine")


async def fetch_build(deps: Deps, package: Package, build: PackageBuild, report: Report) -> None:
    """Fill the build's folder on this machine with what its record says.

    Another process that shares the folder may be at it: then its work will do.

    Raises:
        AppError: INSTALL_FAILED when the registry has something else under that version now,
            and whatever the installer raises.
    """
    folder = build.install_dir
    async with deps.files.claim(folder):
        if not deps.files.is_whole(folder):
            await _fill(deps, package, build, report)
    deps.local_builds.failures.pop(folder, None)
    deps.local_builds.whole.add(folder)


async def _fill(deps: Deps, package: Package, build: PackageBuild, report: Report) -> None:
    folder = build.install_dir
    source = replace(build.source, version=build.version, requirements=build.requirements)
    await deps.files.remove(folder)  # what a killed fetch has left
    path = await deps.files.create(folder)
    try:
        files = await deps.installers[source.runtime].install(source, path, report)
        _check_same(package, build, files)
        await deps.files.seal(folder)
    except BaseException:
        await asyncio.shield(asyncio.ensure_future(deps.files.remove(folder)))
        raise


def _check_same(package: Package, build: PackageBuild, files: InstalledFiles) -> None:
    if (files.version, files.integrity) != (build.version, build.integrity):
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            f"The registry's {package.name} {build.version} is not the one that was installed: "
            "its integrity hash differs.",
            hint="Upgrade the package to a version that you trust.",
        )


def _find_build(package: Package, folder: str) -> PackageBuild | None:
    staged = [s.build for s in (package.held, package.candidate) if s is not None]
    builds = [b for b in (package.build, package.previous, *staged) if b is not None]
    return next((build for build in builds if build.install_dir == folder), None)
