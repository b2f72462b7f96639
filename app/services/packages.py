"""Packages: installed into a folder of their own, proved, switched in; and removed whole."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from uuid import uuid4

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_server_name
from app.domain.npm import check_npm_name, check_npm_version
from app.domain.package import InstallRequest, Package, PackageProgress, PackageStatus
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action, is_granted
from app.domain.principal import Principal
from app.domain.server import Server, ServerChanges, ServerSettings, name_taken
from app.domain.server_rules import check_settings
from app.services.access import operation
from app.services.deps import Deps
from app.services.install import install_claimed
from app.services.leases import lease_owner, lease_until
from app.services.paging import every
from app.services.recovery import finish_uninstall, recover_if_abandoned
from app.services.servers import change_server


async def install_package(
    deps: Deps, caller: Principal, request: InstallRequest
) -> tuple[Package, Server]:
    """Install a package and make a server of it; waits until the server has shown its tools.

    The work goes on when the caller goes away. On any failure nothing is left of it.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, CONFLICT, PACKAGE_NOT_FOUND, VERSION_NOT_FOUND,
            REGISTRY_UNAVAILABLE, INSTALL_FAILED or SERVER_DID_NOT_START.
    """
    async with operation(deps, caller, Action.INSTALL_PACKAGE, server_name=request.server_name):
        return await _install_package(deps, request)


async def _install_package(deps: Deps, request: InstallRequest) -> tuple[Package, Server]:
    check_request(request)
    if await deps.servers.find(request.server_name) is not None:
        raise name_taken(request.server_name, "serverName")
    package = _claim_of(deps, request)
    await recover_if_abandoned(deps, request.server_name)
    await deps.packages.claim(package)
    return await deps.operations.run(
        install_claimed(deps, request, package), name=f"install {request.server_name}"
    )


async def uninstall_package(
    deps: Deps, caller: Principal, server_name: str, *, keep_secrets: bool
) -> None:
    """End the sessions, remove files, server and record, and by default the secrets.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, PACKAGE_NOT_FOUND, or CONFLICT while it is being
            installed.
    """
    async with operation(deps, caller, Action.UNINSTALL_PACKAGE, server_name=server_name):
        await _uninstall_package(deps, server_name, keep_secrets=keep_secrets)


async def _uninstall_package(deps: Deps, server_name: str, *, keep_secrets: bool) -> None:
    package = await get_package(deps, server_name)
    going = replace(
        package,
        status=PackageStatus.UNINSTALLING,
        keeps_secrets=keep_secrets,
        lease_owner=lease_owner(deps),
        lease_expires_at=lease_until(utc_now()),
    )
    if not await deps.packages.begin_uninstall(going):
        raise AppError(
            ErrorCode.CONFLICT,
            f"The package of server {server_name!r} is being installed or uninstalled right now.",
            path=("serverName",),
            hint="Wait until that is done.",
        )
    await deps.operations.run(finish_uninstall(deps, going), name=f"uninstall {server_name}")


async def get_package(deps: Deps, server_name: str) -> Package:
    """The package behind a server.

    Raises:
        AppError: INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    check_server_name(server_name, "serverName")
    package = await deps.packages.find(server_name)
    if package is None:
        raise _unknown(f"There is no installed package behind a server named {server_name!r}.")
    return package


async def show_package(deps: Deps, caller: Principal, server_name: str) -> Package:
    """The package behind a server.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    async with operation(deps, caller, Action.READ_PACKAGES, server_name=server_name):
        return await get_package(deps, server_name)


async def get_package_by_name(deps: Deps, caller: Principal, name: str) -> Package:
    """The package of that registry name; of several, the first by server name.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    async with operation(deps, caller, Action.READ_PACKAGES):
        check_npm_name(name)
        package = await deps.packages.find_by_name(name)
        if package is None:
            raise _unknown(f"The package {name!r} is not installed.")
        return package


async def list_packages(deps: Deps, caller: Principal, page: PageRequest) -> Page[Package]:
    """Packages by server name.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    async with operation(deps, caller, Action.READ_PACKAGES):
        check_page(page)
        return cut_page(await deps.packages.list_page(page), page.first)


async def list_all_packages(deps: Deps, caller: Principal) -> list[Package]:
    """Every package, by server name.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_PACKAGES):
        stored = every(deps.packages.list_page, lambda p: p.server_name)
        return [package async for package in stored]


async def find_packages(deps: Deps, caller: Principal, names: Sequence[str]) -> dict[str, Package]:
    """Those of the packages that exist, by server name; none for who may not read packages."""
    if not is_granted(caller, Action.READ_PACKAGES):
        return {}
    return await deps.packages.find_many(names)


async def set_package_enabled(
    deps: Deps, caller: Principal, server_name: str, *, is_enabled: bool
) -> Server:
    """Allow or refuse calls of the package's server.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, PACKAGE_NOT_FOUND, SERVER_NOT_FOUND or CONFLICT.
    """
    async with operation(deps, caller, Action.SET_PACKAGE_ENABLED, server_name=server_name):
        await get_package(deps, server_name)
        return await change_server(deps, server_name, ServerChanges(is_enabled=is_enabled))


async def follow_progress(
    deps: Deps, caller: Principal, server_name: str | None
) -> AsyncGenerator[PackageProgress, None]:
    """The progress of one server's install or of all, starting with those under way.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    async with operation(deps, caller, Action.WATCH_PACKAGES, server_name=server_name):
        if server_name is not None:
            check_server_name(server_name, "serverName")
        async for event in deps.progress.follow(server_name):
            yield event


def check_request(request: InstallRequest) -> None:
    """Accept a request that could be installed.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_npm_name(request.name)
    check_npm_version(request.version)
    check_server_name(request.server_name, "serverName")
    check_settings(
        ServerSettings(
            name=request.server_name,
            command=request.command if request.command is not None else "node",
            display_name=request.display_name,
            description=request.description,
            args=request.args,
            env=request.env,
            secrets=request.secrets,
            startup_timeout_seconds=request.startup_timeout_seconds,
            is_enabled=request.is_enabled,
        )
    )


def _claim_of(deps: Deps, request: InstallRequest) -> Package:
    install_id = uuid4().hex
    return Package(
        server_name=request.server_name,
        name=request.name,
        requested_version=request.version,
        version=None,
        integrity=None,
        runtime=request.runtime,
        status=PackageStatus.INSTALLING,
        install_id=install_id,
        install_dir=f"{request.server_name}/{install_id}",
        lease_owner=lease_owner(deps),
        lease_expires_at=lease_until(utc_now()),
        installed_at=None,
    )


def _unknown(message: str) -> AppError:
    return AppError(
        ErrorCode.PACKAGE_NOT_FOUND,
        message,
        path=("serverName",),
        hint="List the packages to see which there are.",
    )
