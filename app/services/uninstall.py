"""Uninstalls, and what one would take away."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.package_record import Package, PackageStatus
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import Server
from app.services.access import operation
from app.services.deps import Deps
from app.services.package_reads import get_package
from app.services.package_work import begin
from app.services.recovery import finish_uninstall


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallPreview:
    """What an uninstall would take away.

    `secrets` are the numbers of secrets by user; the user of those that all share is an empty
    text. `sessions` are the live ones of the process that answers, `folders` what is on disk.
    """

    package: Package
    server: Server | None
    secrets: Mapping[str, int]
    sessions: int
    folders: tuple[str, ...]


async def uninstall_package(
    deps: Deps, caller: Principal, server_name: str, *, keep_secrets: bool
) -> None:
    """End the sessions, remove files, server and record, and by default the secrets.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, PACKAGE_NOT_FOUND, or CONFLICT while it is being
            installed, upgraded or uninstalled.
    """
    async with operation(deps, caller, Action.UNINSTALL_PACKAGE, server_name=server_name):
        status = PackageStatus.UNINSTALLING
        going = await begin(deps, server_name, status, keeps_secrets=keep_secrets)
        await deps.operations.run(finish_uninstall(deps, going), name=f"uninstall {server_name}")


async def preview_uninstall(deps: Deps, caller: Principal, server_name: str) -> UninstallPreview:
    """What an uninstall would take away; changes nothing.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    async with operation(deps, caller, Action.PREVIEW_UNINSTALL, server_name=server_name):
        package = await get_package(deps, server_name)
        sessions = [v for v in deps.sessions.views() if v.key.server_name == server_name]
        return UninstallPreview(
            package=package,
            server=await deps.servers.find(server_name),
            secrets=await deps.secrets.users_of_server(server_name),
            sessions=len(sessions),
            folders=tuple(deps.files.path(folder) for folder in sorted(package.folders())),
        )
