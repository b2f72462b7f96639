"""Packages: enabled and disabled, watched, and how their upgrades are to go."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from app.domain.names import check_server_name
from app.domain.package import PackageProgress, UpgradePolicy
from app.domain.package_record import Package, PackageStatus
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import Server, ServerChanges
from app.services.access import operation
from app.services.deps import Deps
from app.services.package_reads import get_package
from app.services.servers import change_server


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
        AppError: FORBIDDEN, INVALID_INPUT, PACKAGE_NOT_FOUND, SERVER_NOT_FOUND or CONFLICT.
    """
    async with operation(deps, caller, Action.SET_PACKAGE_ENABLED, server_name=server_name):
        await get_package(deps, server_name)
        return await change_server(deps, server_name, ServerChanges(is_enabled=is_enabled))


async def set_upgrade_policy(
    deps: Deps, caller: Principal, server_name: str, policy: UpgradePolicy
) -> Package:
    """Decide whether upgrades that change or remove tools wait for approval.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    async with operation(deps, caller, Action.SET_UPGRADE_POLICY, server_name=server_name):
        package = await get_package(deps, server_name)
        if not await deps.packages.set_policy(package.install_id, policy):
            return await get_package(deps, server_name)  # gone meanwhile, which this says
        return replace(package, policy=policy)


async def follow_progress(
    deps: Deps, caller: Principal, server_name: str | None
) -> AsyncGenerator[PackageProgress, None]:
    """The progress of one server's package or of all, starting with operations under way.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    async with operation(deps, caller, Action.WATCH_PACKAGES, server_name=server_name):
        if server_name is not None:
            check_server_name(server_name, "serverName")
        async for event in deps.progress.follow(server_name):
            yield event
