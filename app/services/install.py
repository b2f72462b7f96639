"""Installs: a package is fetched, proved and switched in; or nothing is left of it."""

from dataclasses import replace
from uuid import uuid4

from app.domain.clock import utc_now
from app.domain.errors import invalid
from app.domain.package import InstallPhase, InstallRequest
from app.domain.package_ports import Report
from app.domain.package_record import Package, PackageBuild, PackageStatus, StagedUpgrade
from app.domain.package_rules import check_packaged_server_name, check_source
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import Server, ServerSettings, Transport, name_taken, new_revision
from app.domain.server_rules import check_reach, check_settings
from app.services.access import operation
from app.services.deps import Deps
from app.services.leases import taken_over
from app.services.package_work import run_package_work, to_the_end, under_lease
from app.services.recovery import recover_if_abandoned, settle
from app.services.staging import Proven, stage


async def install_package(
    deps: Deps, caller: Principal, request: InstallRequest
) -> tuple[Package, Server]:
    """Install a package and make a server of it; waits until the server has shown its tools.

    The work goes on when the caller goes away. On any failure nothing is left of it.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, CONFLICT, PACKAGE_NOT_FOUND, VERSION_NOT_FOUND,
            REGISTRY_UNAVAILABLE, INSTALL_FAILED, SERVER_DID_NOT_START or OPERATION_CANCELLED.
    """
    async with operation(
        deps,
        caller,
        Action.INSTALL_PACKAGE,
        server_name=request.server_name,
        target=request.source.name,
        look=lambda: check_install(deps, request),
    ):
        return await claim_and_install(deps, request)


def check_install(deps: Deps, request: InstallRequest) -> None:
    """Accept a request that could be installed here.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_reach(check_request(request), deps.reach)


async def claim_and_install(deps: Deps, request: InstallRequest) -> tuple[Package, Server]:
    """Install, for an operation that has been allowed, and a request that has been checked."""
    if await deps.servers.find(request.server_name) is not None:
        raise name_taken(request.server_name)
    package = _claim_of(deps, request)
    await recover_if_abandoned(deps, request.server_name)
    await deps.packages.claim(package)
    return await run_package_work(
        deps, package, lambda report: _install(deps, request, package, report)
    )


def check_request(request: InstallRequest) -> ServerSettings:
    """Accept a request that could be installed; the settings of its server as far as known.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_source(request.source)
    check_packaged_server_name(request.server_name)
    command, is_program = request.source.command, request.transport is Transport.STDIO
    if not is_program and request.source.python_module is not None:
        raise invalid(
            f"pythonModule does not go with transport {request.transport}.", "pythonModule"
        )
    if is_program and command is None:
        command = "node"  # in place of the entry point that the package names
    settings = _settings_of(request, command, request.source.args)
    check_settings(settings)
    return settings


async def _install(
    deps: Deps, request: InstallRequest, package: Package, report: Report
) -> tuple[Package, Server]:
    report(InstallPhase.RESOLVING, f"{request.source.name} {request.source.version}")
    proven = await stage(
        deps,
        package,
        request.source,
        report,
        server_with=lambda build: _server_of(request, package, build),
    )
    name, revision = proven.server.name, proven.server.revision
    try:
        report(InstallPhase.SWITCHING, f"{request.source.name} {proven.build.version}")
        running = deps.package_work.get(name)
        done = await to_the_end(_switch_in(deps, package, proven), running)
    except BaseException:
        deps.sessions.retire(name, revision)
        raise
    if not request.is_enabled:
        deps.sessions.retire(name, revision)
    report(InstallPhase.DONE, f"{len(proven.server.tools)} tools")
    return done, proven.server


async def _switch_in(deps: Deps, package: Package, proven: Proven) -> Package:
    """The record first says what is about to serve, then the server is stored, which decides."""
    staged = replace(package, candidate=StagedUpgrade(proven.build, None))
    if not await deps.packages.store(staged, owner=package.lease_owner or ""):
        raise taken_over(package.name)
    await deps.servers.insert(proven.server)
    return await settle(deps, staged)


def _claim_of(deps: Deps, request: InstallRequest) -> Package:
    install_id = uuid4().hex
    return under_lease(
        deps,
        Package(
            server_name=request.server_name,
            source=request.source,
            status=PackageStatus.INSTALLING,
            install_id=install_id,
            policy=request.policy,
            work_dir=new_folder(request.server_name),
        ),
    )


def new_folder(server_name: str) -> str:
    """The name of a folder that no other version of any package has."""
    return f"{server_name}/{uuid4().hex}"


def _server_of(request: InstallRequest, package: Package, build: PackageBuild) -> Server:
    now = utc_now()
    is_program = request.transport is Transport.STDIO
    command, args = (build.command, build.args) if is_program else (None, ())
    return Server(
        settings=_settings_of(request, command, args),
        revision=new_revision(),
        package_dir=build.install_dir,
        install_id=package.install_id,
        tools=(),
        created_at=now,
        updated_at=now,
    )


def _settings_of(
    request: InstallRequest, command: str | None, args: tuple[str, ...]
) -> ServerSettings:
    return ServerSettings(
        name=request.server_name,
        command=command,
        display_name=request.display_name,
        description=request.description,
        transport=request.transport,
        args=args,
        env=request.env,
        url=request.url,
        headers=request.headers,
        allows_private_network=request.allows_private_network,
        secrets=request.secrets,
        startup_timeout_seconds=request.startup_timeout_seconds,
        access=request.access,
        is_enabled=request.is_enabled,
    )
