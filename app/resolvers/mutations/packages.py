"""Mutations of packages."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.mutations.install_input import InstallPackageInput
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ConflictError,
    ForbiddenError,
    InstallError,
    InvalidInputError,
    NotFoundError,
    ServerError,
    UnavailableError,
)
from app.resolvers.types.package import PackageType
from app.resolvers.types.server import ServerType
from app.services.install import install_package
from app.services.uninstall import uninstall_package


@strawberry.input(description="Which package to remove.")
class UninstallPackageInput:
    """The input of uninstallPackage."""

    server_name: str = strawberry.field(description="The server made from the package.")
    keep_secrets: bool = strawberry.field(
        default=False, description="Whether the users' secrets for the server stay stored."
    )


@strawberry.type(description="A finished install.")
class InstalledPackage:
    """The success of installPackage."""

    package: PackageType = strawberry.field(description="The package record.")
    server: ServerType = strawberry.field(description="The server made from it.")


@strawberry.type(description="A finished removal.")
class UninstalledPackage:
    """The success of uninstallPackage."""

    server_name: str = strawberry.field(description="The server that is gone.")


InstallPackageResult = Annotated[
    InstalledPackage
    | InvalidInputError
    | ForbiddenError
    | ConflictError
    | NotFoundError
    | InstallError
    | ServerError
    | UnavailableError,
    strawberry.union("InstallPackageResult", description="The installed package, or why not."),
]
UninstallPackageResult = Annotated[
    UninstalledPackage
    | InvalidInputError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("UninstallPackageResult", description="What was removed, or why not."),
]


@strawberry.type
class PackageMutations:
    """The package fields of Mutation."""

    @strawberry.mutation(
        description="Install a package and make a server of it. Answers when the server has "
        "shown its tools; `packageProgress` shows the way there. On failure nothing is left."
    )
    async def install_package(
        self,
        info: Info,
        input: Annotated[InstallPackageInput, strawberry.argument(description="What to install.")],
    ) -> InstallPackageResult:
        """Install."""
        return await outcome(_install(info, input))

    @strawberry.mutation(
        description="Remove a package with its files, its server and the server's sessions."
    )
    async def uninstall_package(
        self,
        info: Info,
        input: Annotated[UninstallPackageInput, strawberry.argument(description="What to remove.")],
    ) -> UninstallPackageResult:
        """Uninstall."""
        return await outcome(_uninstall(info, input))


async def _install(info: Info, given: InstallPackageInput) -> InstalledPackage:
    deps, caller = info.context.deps, info.context.principal
    package, server = await install_package(deps, caller, given.request())
    return InstalledPackage(
        package=PackageType.of(deps, package), server=ServerType.of(info.context, server)
    )


async def _uninstall(info: Info, given: UninstallPackageInput) -> UninstalledPackage:
    deps, caller = info.context.deps, info.context.principal
    await uninstall_package(deps, caller, given.server_name, keep_secrets=given.keep_secrets)
    return UninstalledPackage(server_name=given.server_name)
