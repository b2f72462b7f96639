"""Packages: enabled and disabled, watched, and how their upgrades are to go."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_server_name
from app.domain.package import PackageProgress, UpgradePolicy
from app.domain.package_record import Package, PackageStatus
from app.domain.principal import Principal
from app.domain.server import Server
from app.services.deps import Deps
from app.services.package_reads import get_package
from app.services.servers import set_server_enabled


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageView:
    """How a package is doing, as far as this process knows; `install_path` is on this machine."""

    status: PackageStatus
    error: str | None
    install_path: str | None


def view_package(deps: Deps, package: Package) -> PackageView:
    """The package's state: ERROR when its files are not on this machine and cannot be fetched."""
    folder = package.install_dir
    missing = None if folder is None else deps.local_builds.failures.get(folder)
    is_missing = missing is not None and package.status is PackageStatus.INSTALLED
    return PackageView(
        status=PackageStatus.ERROR if is_missing else package.status,
        error=missing if is_missing else package.error,
        install_path=None if folder is None else deps.files.path(folder),
    )


async def set_package_enabled(
    deps: Deps, caller: Principal, server_name: str, *, is_enabled: bool
) -> Server:
    """Allow or refuse calls of the package's server.

    Raises:
        AppError: INVALID_INPUT, PACKAGE_NOT_FOUND, SERVER_NOT_FOUND or CONFLICT.
    """
    await get_package(deps, server_name)
    return await set_server_enabled(deps, server_name, is_enabled=is_enabled)


async def set_upgrade_policy(
    deps: Deps, caller: Principal, server_name: str, policy: UpgradePolicy
) -> Package:
    """Decide whether upgrades that change or remove tools wait for approval.

    Raises:
        AppError: INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    package = await get_package(deps, server_name)
    if not await deps.packages.set_policy(package.install_id, policy):
        raise AppError(
            ErrorCode.PACKAGE_NOT_FOUND,
            f"The package of server {server_name!r} has been uninstalled.",
            path=("serverName",),
        )
    return replace(package, policy=policy)


def follow_progress(deps: Deps, server_name: str | None) -> AsyncIterator[PackageProgress]:
    """The progress of one server's package or of all, starting with operations under way."""
    if server_name is not None:
        check_server_name(server_name, "serverName")
    return deps.progress.follow(server_name)
