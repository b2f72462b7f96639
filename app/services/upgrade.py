"""Upgrades and rollbacks: another version is proved beside the one that serves, then switched."""

from dataclasses import dataclass, replace

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.package import InstallPhase
from app.domain.package_ports import Report
from app.domain.package_record import (
    HeldForApproval,
    Package,
    PackageBuild,
    PackageStatus,
    StagedUpgrade,
)
from app.domain.package_rules import check_source
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import Server, new_revision
from app.domain.tool_diff import ToolDiff, diff_tools
from app.domain.upgrade import carry_over, has_to_wait, wanted_source
from app.services.access import operation
from app.services.deps import Deps
from app.services.install import new_folder
from app.services.leases import taken_over
from app.services.local_builds import fetch_build
from app.services.package_reads import get_package
from app.services.package_work import begin, run_package_work, to_the_end
from app.services.recovery import let_go, settle
from app.services.servers import get_server
from app.services.staging import Proven, prove, stage

ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeWish:
    """What is wanted: a version, or what was asked for before.

    `is_dry_run` only shows what it would change; `is_approval` switches in what was held.
    """

    server_name: str
    version: str | None = None
    is_dry_run: bool = False
    is_approval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What came of it. `version` is the one that was proved; it serves if `is_switched`.

    `diff` is what it changes about the tools; None where they are not known without a user.
    """

    package: Package
    server: Server
    version: str
    diff: ToolDiff | None
    is_switched: bool


async def upgrade_package(deps: Deps, caller: Principal, wish: UpgradeWish) -> Upgrade:
    """Upgrade to a version that is newer, older or another; waits until it serves.

    The old version serves until the new one has proved itself, its calls in flight finish on
    it, and it is kept for `rollback_package`. On any failure nothing is changed.

    Raises:
        AppError: INVALID_INPUT, PACKAGE_NOT_FOUND, CONFLICT, VERSION_NOT_FOUND,
            REGISTRY_UNAVAILABLE, INSTALL_FAILED, SERVER_DID_NOT_START, OPERATION_CANCELLED, or
            HeldForApproval where the package's policy wants that; FORBIDDEN.
    """
    async with operation(deps, caller, Action.UPGRADE_PACKAGE, server_name=wish.server_name):
        return await _begin_upgrade(deps, wish)


async def _begin_upgrade(deps: Deps, wish: UpgradeWish) -> Upgrade:
    _check(await get_package(deps, wish.server_name), wish)
    name = wish.server_name
    work_dir = None if wish.is_approval else new_folder(name)
    package = await begin(deps, name, PackageStatus.UPGRADING, work_dir=work_dir)

    async def work(report: Report) -> Upgrade:
        if wish.is_approval:
            return await _switch_kept(deps, _approved(package), report)
        return await _upgrade(deps, package, wish, report)

    return await run_package_work(deps, package, work, is_noted=not wish.is_dry_run)


async def rollback_package(deps: Deps, caller: Principal, server_name: str) -> Upgrade:
    """Go back to the version before, which is still on disk; the current one is kept in its place.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, PACKAGE_NOT_FOUND, CONFLICT when there is none,
            SERVER_DID_NOT_START or OPERATION_CANCELLED.
    """
    async with operation(deps, caller, Action.ROLL_BACK_PACKAGE, server_name=server_name):
        package = await begin(deps, server_name, PackageStatus.UPGRADING)

        async def work(report: Report) -> Upgrade:
            return await _switch_kept(deps, _going_back(package), report)

        return await run_package_work(deps, package, work)


async def _upgrade(deps: Deps, package: Package, wish: UpgradeWish, report: Report) -> Upgrade:
    source = wanted_source(package.source, _current(package), wish.version)
    report(InstallPhase.RESOLVING, f"{source.name} {source.version}")
    resolved = await deps.installers[source.runtime].resolve(source)
    current = _current(package)
    if resolved.version == current.version and source.requirements == current.source.requirements:
        return await _unchanged(deps, replace(package, source=source), report)
    held = package.held
    if held is not None and not wish.is_dry_run and held.build.version == resolved.version:
        if has_to_wait(package.policy, held.diff):
            await _end(deps, package)
            raise HeldForApproval(package.name, held)
        return await _switch_kept(deps, replace(package, candidate=held, work_dir=None), report)
    server = await get_server(deps, package.server_name)
    exact = replace(source, version=resolved.version)
    proven = await stage(
        deps, package, exact, report, server_with=lambda build: _moved(server, current, build)
    )
    staged = _staged(server, replace(proven.build, source=source), proven)
    is_held = has_to_wait(package.policy, staged.diff)
    if not wish.is_dry_run and not is_held:
        return await _switch(deps, replace(package, candidate=staged), server, proven, report)
    deps.sessions.retire(server.name, proven.server.revision)
    if wish.is_dry_run:
        done = await _end(deps, package)
        report(InstallPhase.DONE, f"only a look: {_told(staged)}")
        return Upgrade(
            package=done, server=server, version=staged.build.version, diff=staged.diff,
            is_switched=False,
        )  # fmt: skip
    await _end(deps, replace(package, held=staged, error=None))
    raise HeldForApproval(package.name, staged)


async def _unchanged(deps: Deps, package: Package, report: Report) -> Upgrade:
    done = await _end(deps, replace(package, error=None))
    report(InstallPhase.DONE, f"{_current(package).version} is what was asked for already")
    server = await get_server(deps, package.server_name)
    return Upgrade(
        package=done, server=server, version=_current(package).version, diff=ToolDiff(),
        is_switched=False,
    )  # fmt: skip


async def _end(deps: Deps, package: Package) -> Package:
    """The record of an upgrade that has switched nothing; to cancel it comes too late.

    Its lease is gone before its files are: whoever renews that must not take it for another's.
    """
    return await to_the_end(let_go(deps, package), deps.package_work.get(package.server_name))


async def _switch_kept(deps: Deps, package: Package, report: Report) -> Upgrade:
    """Prove and switch in a candidate that is on disk already."""
    if package.candidate is None:
        raise RuntimeError("there must be a candidate")
    build, current = package.candidate.build, _current(package)
    server = await get_server(deps, package.server_name)
    if not deps.files.is_whole(build.install_dir):  # another replica has it
        await fetch_build(deps, package, build, report)
    proven = await prove(deps, build, _moved(server, current, build), report)
    staged = _staged(server, proven.build, proven)
    return await _switch(deps, replace(package, candidate=staged), server, proven, report)


async def _switch(
    deps: Deps, package: Package, server: Server, proven: Proven, report: Report
) -> Upgrade:
    """Switch the candidate in; when somebody changes the server meanwhile, prove it once more."""
    if package.candidate is None:
        raise RuntimeError("there must be a candidate")
    staged = package.candidate
    running = deps.package_work.get(package.server_name)
    for _ in range(ATTEMPTS):
        report(InstallPhase.SWITCHING, f"{package.name} {staged.build.version}: {_told(staged)}")
        try:
            done = await to_the_end(_switch_now(deps, package, server, proven.server), running)
        except BaseException:
            deps.sessions.retire(server.name, proven.server.revision)
            raise
        if done is not None:
            report(InstallPhase.DONE, f"{len(proven.server.tools)} tools")
            return Upgrade(
                package=done, server=proven.server, version=staged.build.version,
                diff=staged.diff, is_switched=True,
            )  # fmt: skip
        deps.sessions.retire(server.name, proven.server.revision)
        server = await get_server(deps, package.server_name)
        moved = _moved(server, _current(package), staged.build)
        proven = await prove(deps, staged.build, moved, report)
    raise AppError(
        ErrorCode.CONFLICT,
        f"Server {package.server_name!r} is being changed all the time.",
        hint="Try again in a moment.",
    )


async def _switch_now(
    deps: Deps, package: Package, before: Server, after: Server
) -> Package | None:
    """The settled record; None when the server is not what it was.

    The record first says what is about to serve; then one write of the server decides; then the
    record follows, here or at the next start.
    """
    staged = replace(package, build=replace(_current(package), tools=before.tools))
    if not await deps.packages.store(staged, owner=package.lease_owner or ""):
        raise taken_over(package.name)
    if not await deps.servers.switch(after, expected=before):
        return None
    deps.sessions.retire(before.name, before.revision)
    if not after.settings.is_enabled:
        deps.sessions.retire(after.name, after.revision)
    return await settle(deps, staged)


def _staged(server: Server, build: PackageBuild, proven: Proven) -> StagedUpgrade:
    tools = proven.build.tools
    diff = None if tools is None else diff_tools(server.tools, tools)
    return StagedUpgrade(replace(build, tools=tools), diff)


def _moved(server: Server, current: PackageBuild, build: PackageBuild) -> Server:
    """The server on another version, with the tools that are known of it."""
    return replace(
        server,
        settings=carry_over(server.settings, current, build),
        revision=new_revision(),
        package_dir=build.install_dir,
        tools=server.tools if build.tools is None else build.tools,
        updated_at=utc_now(),
    )


def _check(package: Package, wish: UpgradeWish) -> None:
    """Refuse early what cannot be meant."""
    if wish.is_approval and (wish.is_dry_run or wish.version is not None):
        raise invalid("approve goes with neither dryRun nor version.", "approve")
    if package.build is not None:
        check_source(wanted_source(package.source, package.build, wish.version))


def _approved(package: Package) -> Package:
    if package.held is None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"No upgrade of the package of server {package.server_name!r} is held.",
            path=("approve",),
            hint="Upgrade without approve.",
        )
    return replace(package, candidate=package.held)


def _going_back(package: Package) -> Package:
    if package.previous is None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"There is no version before the one that server {package.server_name!r} has.",
            path=("serverName",),
            hint="Upgrade to the version that you want; that works for older ones too.",
        )
    return replace(package, candidate=StagedUpgrade(package.previous, None))


def _current(package: Package) -> PackageBuild:
    if package.build is None:
        raise RuntimeError("an installed package has a build")
    return package.build


def _told(staged: StagedUpgrade) -> str:
    return "tools not known yet" if staged.diff is None else staged.diff.summary()
