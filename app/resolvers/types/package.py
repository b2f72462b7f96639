"""Packages and the progress of installing them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.domain.package import InstallPhase, Package, PackageProgress, PackageStatus, Runtime
from app.resolvers.context import Info
from app.resolvers.enums import describe_enum
from app.resolvers.types.node import Node, node_id
from app.services.deps import Deps

if TYPE_CHECKING:
    from app.resolvers.types.server import ServerType

describe_enum(
    Runtime, "Runtime", "What runs a package.", {Runtime.NODE: "Node.js; it comes from npm."}
)
describe_enum(
    PackageStatus,
    "PackageStatus",
    "Where a package is in its life.",
    {
        PackageStatus.INSTALLING: "It is being installed.",
        PackageStatus.INSTALLED: "It is there.",
        PackageStatus.UNINSTALLING: "It is going.",
    },
)
describe_enum(
    InstallPhase,
    "InstallPhase",
    "The steps of an install, in order; DONE and FAILED end it.",
    {
        InstallPhase.RESOLVING: "The registry is asked for the exact version.",
        InstallPhase.INSTALLING: "It is put into a folder of its own.",
        InstallPhase.VERIFYING: "Its server is started once and asked for its tools.",
        InstallPhase.SWITCHING: "Its server is stored.",
        InstallPhase.DONE: "It is installed.",
        InstallPhase.FAILED: "It came to nothing, and nothing is left of it.",
    },
)


@strawberry.type(name="Package", description="An installed package: the files behind a server.")
class PackageType(Node):
    """One package."""

    name: str = strawberry.field(description="Its name in the registry.")
    version: str | None = strawberry.field(
        description="The exact version installed; null until the registry has answered."
    )
    requested_version: str = strawberry.field(description="What was asked for, such as `latest`.")
    integrity: str | None = strawberry.field(
        description="The registry's hash of what was installed (Subresource Integrity)."
    )
    runtime: Runtime = strawberry.field(description="What runs it.")
    status: PackageStatus = strawberry.field(description="Where it is in its life.")
    install_path: str = strawberry.field(description="The folder it is installed in.")
    installed_at: datetime | None = strawberry.field(description="When the install was finished.")
    server_name: str = strawberry.field(description="The server made from it.")

    @strawberry.field(description="The server made from it; null until the install is done.")
    async def server(
        self, info: Info
    ) -> Annotated["ServerType", strawberry.lazy("app.resolvers.types.server")] | None:
        """The edge to the server."""
        from app.resolvers.types.server import ServerType  # noqa: PLC0415 - the types refer to each other

        server = await info.context.loaders.servers.load(self.server_name)
        return None if server is None else ServerType.of(info.context, server)

    @classmethod
    def of(cls, deps: Deps, package: Package) -> Self:
        """The GraphQL package."""
        return cls(
            id=node_id("Package", package.server_name),
            name=package.name,
            version=package.version,
            requested_version=package.requested_version,
            integrity=package.integrity,
            runtime=package.runtime,
            status=package.status,
            install_path=deps.files.path(package.install_dir),
            installed_at=package.installed_at,
            server_name=package.server_name,
        )


@strawberry.type(name="PackageProgress", description="One event of an install under way.")
class PackageProgressType:
    """A phase begun or ended, or a line the installer wrote."""

    server_name: str = strawberry.field(description="The server being made.")
    package_name: str = strawberry.field(description="The package being installed.")
    phase: InstallPhase = strawberry.field(description="The step it is at.")
    message: str = strawberry.field(description="What is happening, for people.")
    at: datetime = strawberry.field(description="When it happened.")

    @classmethod
    def of(cls, event: PackageProgress) -> Self:
        """The GraphQL event."""
        return cls(
            server_name=event.server_name,
            package_name=event.package_name,
            phase=event.phase,
            message=event.message,
            at=event.at,
        )
