"""Staging: a version is fetched into a folder of its own, and proved by one start."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallPhase, PackageSource, Runtime
from app.domain.package_ports import Report
from app.domain.package_record import Package, PackageBuild
from app.domain.package_rules import needs_older_mcp
from app.domain.server import Server
from app.domain.server_rules import needs_user
from app.services.deps import Deps
from app.services.starts import plan_of

log = logging.getLogger(__name__)

OLDER_MCP = "mcp<2"
LINES_SEARCHED = 200


@dataclass(frozen=True, slots=True)
class Proven:
    """A version that has started, and the server as it is with it.

    Its session is live under the server's new revision: it is switched in, or retired.
    """

    build: PackageBuild
    server: Server


async def stage(
    deps: Deps,
    package: Package,
    source: PackageSource,
    report: Report,
    *,
    server_with: Callable[[PackageBuild], Server],
) -> Proven:
    """Fill the record's work folder with what the source names, and prove it.

    A Python server that was written for mcp 1, and dies of mcp 2, gets a second chance.

    Raises:
        AppError: What the installer raises, or SERVER_DID_NOT_START.
    """
    build = await _fill(deps, package, source, report)
    try:
        proven = await prove(deps, build, server_with(build), report)
    except AppError as error:
        if not _may_need_older_mcp(deps, package, source, error):
            raise
        report(
            InstallPhase.INSTALLING,
            f"The server was written for mcp 1 and dies of mcp 2; once more with {OLDER_MCP}",
        )
        await deps.files.remove(build.install_dir)
        older = replace(source, requirements=(*source.requirements, OLDER_MCP))
        build = replace(await _fill(deps, package, older, report), source=source)
        proven = await prove(deps, build, server_with(build), report)
    try:
        await deps.files.seal(build.install_dir)
    except BaseException:
        deps.sessions.retire(proven.server.name, proven.server.revision)
        raise
    return proven


async def prove(deps: Deps, build: PackageBuild, server: Server, report: Report) -> Proven:
    """Start the server once and ask it for its tools.

    One that needs a user's secrets to start may refuse: its tools are not known then.

    Raises:
        AppError: SERVER_DID_NOT_START or SESSION_LIMIT; its session is ended then.
    """
    report(InstallPhase.VERIFYING, "starting the server and asking for its tools")
    try:
        async with deps.sessions.use(plan_of(deps, server, None)) as session:
            tools = tuple(session.tools.values())
    except BaseException as error:
        if not _is_excused(error, server):
            deps.sessions.retire(server.name, server.revision)
            raise
        report(InstallPhase.VERIFYING, "it needs a user's secrets to start; a call will show")
        return Proven(build, server)
    return Proven(replace(build, tools=tools), replace(server, tools=tools))


async def _fill(
    deps: Deps, package: Package, source: PackageSource, report: Report
) -> PackageBuild:
    if package.work_dir is None:
        raise RuntimeError("an operation that installs needs a folder of its own")
    folder = await deps.files.create(package.work_dir)
    files = await deps.installers[source.runtime].install(source, folder, report)
    return PackageBuild.of(package.work_dir, source, files)


def _is_excused(error: BaseException, server: Server) -> bool:
    did_not_start = isinstance(error, AppError) and error.code is ErrorCode.SERVER_DID_NOT_START
    return did_not_start and needs_user(server.settings)


def _may_need_older_mcp(
    deps: Deps, package: Package, source: PackageSource, error: AppError
) -> bool:
    if source.runtime is not Runtime.PYTHON or error.code is not ErrorCode.SERVER_DID_NOT_START:
        return False
    says_itself = any(requirement.startswith("mcp") for requirement in source.requirements)
    lines = deps.sessions.logs(package.server_name, LINES_SEARCHED)
    return not says_itself and needs_older_mcp(lines)
