"""Packages: installed into a folder of their own, proved, switched in; and removed whole."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_server_name
from app.domain.npm import check_npm_name
from app.domain.package import InstallRequest, Package, PackageProgress, PackageStatus
from app.domain.package_rules import check_source
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.server import Server, ServerSettings, name_taken
from app.domain.server_rules import check_settings
from app.services.deps import Deps
from app.services.install import install_claimed
from app.services.leases import lease_owner, lease_until
from app.services.paging import every
from app.services.recovery import finish_uninstall, recover_if_abandoned
from app.services.servers import set_server_enabled


async def install_package(deps: Deps, request: InstallRequest) -> tuple[Package, Server]:
    """Install a package and make a server of it; waits until the server has shown its tools.

    The work goes on when the caller goes away. On any failure nothing is left of it.

    Raises:
        AppError: INVALID_INPUT, CONFLICT, PACKAGE_NOT_FOUND, VERSION_NOT_FOUND,
            REGISTRY_UNAVAILABLE, INSTALL_FAILED or SERVER_DID_NOT_START.
    """
    check_request(request)
    if await deps.servers.find(request.server_name) is not None:
        raise name_taken(request.server_name, "serverName")
    package = _claim_of(deps, request)
    await recover_if_abandoned(deps, request.server_name)
    await deps.packages.claim(package)
    return await deps.operations.run(
        install_claimed(deps, request, package), name=f"install {request.server_name}"
    )


async def uninstall_package(deps: Deps, server_name: str, *, keep_secrets: bool) -> None:
    """End the sessions, remove files, server and record, and by default the secrets.

    Raises:
        AppError: INVALID_INPUT, PACKAGE_NOT_FOUND, or CONFLICT while it is being installed.
    """
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


async def get_package_by_name(deps: Deps, name: str) -> Package:
    """The package of that registry name; of several, the first by server name.

    Raises:
        AppError: INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    check_npm_name(name)
    package = await deps.packages.find_by_name(name)
    if package is None:
        raise _unknown(f"The package {name!r} is not installed.")
    return package


async def list_packages(deps: Deps, page: PageRequest) -> Page[Package]:
    """Packages by server name.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_page(page)
    return cut_page(await deps.packages.list_page(page), page.first)


async def list_all_packages(deps: Deps) -> list[Package]:
    """Every package, by server name."""
    return [package async for package in every(deps.packages.list_page, lambda p: p.server_name)]


async def set_package_enabled(deps: Deps, server_name: str, *, is_enabled: bool) -> Server:
    """Allow or refuse calls of the package's server.

    Raises:
        AppError: INVALID_INPUT, PACKAGE_NOT_FOUND, SERVER_NOT_FOUND or CONFLICT.
    """
    await get_package(deps, server_name)
    return await set_server_enabled(deps, server_name, is_enabled=is_enabled)


def follow_progress(deps: Deps, server_name: str | None) -> AsyncIterator[PackageProgress]:
    """The progress of one server's install or of all, starting with those under way."""
    if server_name is not None:
        check_server_name(server_name, "serverName")
    return deps.progress.follow(server_name)


def check_request(request: InstallRequest) -> None:
    """Accept a request that could be installed.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_source(request.source)
    check_server_name(request.server_name, "serverName")
    check_settings(
        ServerSettings(
            name=request.server_name,
            command=request.source.command if request.source.command is not None else "node",
            display_name=request.display_name,
            description=request.description,
            args=request.source.args,
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
        name=request.source.name,
        requested_version=request.source.version,
        version=None,
        integrity=None,
        runtime=request.source.runtime,
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
