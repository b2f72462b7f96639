"""Mutations of packages."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.domain.npm import LATEST
from app.domain.package import InstallRequest, Runtime
from app.domain.server import DEFAULT_STARTUP_SECONDS
from app.resolvers.context import Info
from app.resolvers.inputs import string_map
from app.resolvers.mutations.binding_input import SECRETS, SecretBindingInput, bindings_of
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
from app.services.packages import install_package, uninstall_package


@strawberry.input(description="What to install, and the server to make of it.")
class InstallPackageInput:
    """The input of installPackage."""

    name: str = strawberry.field(description="The package's name in the npm registry.")
    server_name: str = strawberry.field(description="The name of the server to make of it.")
    version: str = strawberry.field(
        default=LATEST, description="An exact version such as `1.2.3`, or a dist-tag."
    )
    runtime: Runtime = strawberry.field(default=Runtime.NODE, description="What runs it.")
    command: str | None = strawberry.field(
        default=None, description="The program to start instead of the one the package names."
    )
    args: list[str] = strawberry.field(
        default_factory=list,
        description="Arguments for the program; `{packageDir}` stands for the package's folder.",
    )
    env: JSON | None = strawberry.field(
        default=None,
        description="Environment variables for the server, an object of strings. Not for secrets.",
    )
    secrets: list[SecretBindingInput] = strawberry.field(default_factory=list, description=SECRETS)
    allow_scripts: bool = strawberry.field(
        default=False,
        description="Whether the packages' install scripts may run, with this service's rights.",
    )
    enabled: bool = strawberry.field(default=True, description="Whether it may be called.")
    display_name: str | None = strawberry.field(default=None, description="A name for people.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    startup_timeout_seconds: float = strawberry.field(
        default=DEFAULT_STARTUP_SECONDS, description="How long it may take to start, in seconds."
    )

    def request(self) -> InstallRequest:
        """The request as domain data."""
        return InstallRequest(
            name=self.name,
            server_name=self.server_name,
            version=self.version,
            runtime=self.runtime,
            command=self.command,
            args=tuple(self.args),
            env={} if self.env is None else string_map(self.env, "env"),
            secrets=bindings_of(self.secrets),
            allow_scripts=self.allow_scripts,
            is_enabled=self.enabled,
            display_name=self.display_name,
            description=self.description,
            startup_timeout_seconds=self.startup_timeout_seconds,
        )


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
