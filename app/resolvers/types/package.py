"""Packages and the progress of the work on them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.domain.package import InstallPhase, PackageProgress, Runtime, UpgradePolicy
from app.domain.package_record import Package, PackageStatus
from app.resolvers.context import Info
from app.resolvers.enums import describe_enum
from app.resolvers.types.node import Node, node_id
from app.resolvers.types.upgrade import HeldUpgradeType, ToolDiffType
from app.services.deps import Deps
from app.services.packages import view_package
from app.services.updates import known_update

if TYPE_CHECKING:
    from app.resolvers.types.server import ServerType

describe_enum(
    Runtime,
    "Runtime",
    "What runs a package.",
    {
        Runtime.NODE: "Node.js; the package comes from npm.",
        Runtime.PYTHON: "Python, in an environment of the package's own; it comes from PyPI.",
    },
)
describe_enum(
    PackageStatus,
    "PackageStatus",
    "Where a package is in its life.",
    {
        PackageStatus.INSTALLING: "It is being installed for the first time.",
        PackageStatus.INSTALLED: "It serves.",
        PackageStatus.UPGRADING: "It serves, and another version is being proved beside it.",
        PackageStatus.UNINSTALLING: "It is going.",
        PackageStatus.ERROR: "Its files are not on the machine that answers, and could not be "
        "fetched.",
    },
)
describe_enum(
    InstallPhase,
    "InstallPhase",
    "The steps of an install or upgrade, in order; DONE and FAILED end it.",
    {
        InstallPhase.RESOLVING: "The registry is asked for the exact version.",
        InstallPhase.DOWNLOADING: "It is being fetched.",
        InstallPhase.INSTALLING: "It is put into a folder of its own.",
        InstallPhase.VERIFYING: "Its server is started once and asked for its tools.",
        InstallPhase.SWITCHING: "It takes the place of what served before.",
        InstallPhase.DONE: "It serves.",
        InstallPhase.FAILED: "It came to nothing; what was there before still serves.",
    },
)


@strawberry.type(name="Package", description="An installed package: the files behind a server.")
class PackageType(Node):
    """One package."""

    name: str = strawberry.field(description="Its name in the registry.")
    version: str | None = strawberry.field(
        description="The exact version that serves; null until the first install is done."
    )
    requested_version: str = strawberry.field(
        description="What was asked for, such as `latest` or `^1.2`; upgrades follow it."
    )
    integrity: str | None = strawberry.field(
        description="The registry's hash of what was installed (Subresource Integrity)."
    )
    runtime: Runtime = strawberry.field(description="What runs it.")
    requirements: list[str] = strawberry.field(
        description="Further Python requirements that it was installed with, such as `mcp<2`."
    )
    status: PackageStatus = strawberry.field(description="Where it is in its life.")
    error: str | None = strawberry.field(
        description="Why the last upgrade failed, if it did, or why its files are not here."
    )
    install_path: str | None = strawberry.field(description="The folder it is installed in.")
    installed_at: datetime | None = strawberry.field(
        description="When the first install was finished."
    )
    last_upgraded_at: datetime | None = strawberry.field(
        description="When another version was switched in last; a rollback counts."
    )
    latest_version: str | None = strawberry.field(
        description="The newest stable version that the registry had when it was asked last; "
        "`checkUpdates` asks it now."
    )
    update_available: bool = strawberry.field(description="Whether that is newer than `version`.")
    upgrade_policy: UpgradePolicy = strawberry.field(description="Whether upgrades may wait.")
    previous_version: str | None = strawberry.field(
        description="What `rollbackPackage` goes back to; null if there is nothing."
    )
    held_upgrade: HeldUpgradeType | None = strawberry.field(
        description="The upgrade that waits for approval, if one does."
    )
    last_tool_diff: ToolDiffType | None = strawberry.field(
        description="What the last upgrade or rollback has changed about its tools."
    )
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
        view, update, build = view_package(deps, package), known_update(package), package.build
        return cls(
            id=node_id("Package", package.server_name),
            name=package.name,
            version=package.version,
            requested_version=package.source.version,
            integrity=None if build is None else build.integrity,
            runtime=package.runtime,
            requirements=[*(package.source if build is None else build).requirements],
            status=view.status,
            error=view.error,
            install_path=view.install_path,
            installed_at=package.installed_at,
            last_upgraded_at=package.upgraded_at,
            latest_version=update.latest,
            update_available=update.is_available,
            upgrade_policy=package.policy,
            previous_version=None if package.previous is None else package.previous.version,
            held_upgrade=HeldUpgradeType.of(package.held),
            last_tool_diff=ToolDiffType.of(package.last_diff),
            server_name=package.server_name,
        )


@strawberry.type(
    name="PackageProgress", description="One event of an operation on a package under way."
)
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
