"""Mutations that move packages to other versions."""

from typing import Annotated, Any, Self

import strawberry

from app.domain.errors import AppError
from app.domain.package import UpgradePolicy
from app.resolvers.context import Context, Info
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ConflictError,
    ErrorInterface,
    ForbiddenError,
    InstallError,
    InvalidInputError,
    NotFoundError,
    ServerError,
    UnavailableError,
)
from app.resolvers.types.package import PackageType
from app.resolvers.types.server import ServerType
from app.resolvers.types.upgrade import (
    HeldForApprovalError,
    ToolDiffType,
    render_upgrade_error,
)
from app.services.package_work import cancel_package_operation
from app.services.packages import set_upgrade_policy
from app.services.updates import UpgradeResult, upgrade_all_packages
from app.services.upgrade import Upgrade, UpgradeWish, rollback_package, upgrade_package


@strawberry.input(description="Which package to upgrade, and to what.")
class UpgradePackageInput:
    """The input of upgradePackage."""

    server_name: str = strawberry.field(description="The server made from the package.")
    version: str | None = strawberry.field(
        default=None,
        description="An exact version, also an older one, or a range. By default what was asked "
        "for before, or the newest if that was one exact version.",
    )
    dry_run: bool = strawberry.field(
        default=False, description="Whether only to prove it and show what it would change."
    )
    approve: bool = strawberry.field(
        default=False, description="Whether to switch in the upgrade that is held."
    )


@strawberry.input(description="Which package to take back to the version before.")
class RollbackPackageInput:
    """The input of rollbackPackage."""

    server_name: str = strawberry.field(description="The server made from the package.")


@strawberry.input(description="How a package's upgrades are to go.")
class SetUpgradePolicyInput:
    """The input of setUpgradePolicy."""

    server_name: str = strawberry.field(description="The server made from the package.")
    upgrade_policy: UpgradePolicy = strawberry.field(description="Whether upgrades may wait.")


@strawberry.input(description="Which package's operation to end.")
class CancelPackageOperationInput:
    """The input of cancelPackageOperation."""

    server_name: str = strawberry.field(description="The server made from the package.")


@strawberry.type(description="A version that was proved, and what came of it.")
class UpgradedPackage:
    """The success of upgradePackage and rollbackPackage."""

    package: PackageType = strawberry.field(description="The package record.")
    server: ServerType = strawberry.field(description="The server made from it.")
    version: str = strawberry.field(description="The exact version that was proved.")
    switched: bool = strawberry.field(
        description="Whether it serves now. Not after a dry run, and not when it did already."
    )
    tool_diff: ToolDiffType | None = strawberry.field(
        description="What it changes about the tools; null where the server shows its tools to a "
        "user only."
    )

    @classmethod
    def of(cls, context: Context, done: Upgrade) -> Self:
        """The GraphQL result."""
        return cls(
            package=PackageType.of(context.deps, done.package),
            server=ServerType.of(context, done.server),
            version=done.version,
            switched=done.is_switched,
            tool_diff=ToolDiffType.of(done.diff),
        )


@strawberry.type(description="What came of one package's upgrade among all.")
class PackageUpgradeOutcome:
    """One of upgradeAllPackages: `upgraded` or `error`."""

    server_name: str = strawberry.field(description="The server made from the package.")
    upgraded: UpgradedPackage | None = strawberry.field(
        description="What was done; `switched` is false where it was up to date."
    )
    error: ErrorInterface | None = strawberry.field(description="Why not.")

    @classmethod
    def of(cls, context: Context, result: UpgradeResult) -> Self:
        """The GraphQL outcome."""
        done, error = result.upgrade, result.error
        return cls(
            server_name=result.server_name,
            upgraded=None if done is None else UpgradedPackage.of(context, done),
            error=None if error is None else render_upgrade_error(error),
        )


@strawberry.type(description="An operation on a package that was ended.")
class CancelledPackageOperation:
    """The success of cancelPackageOperation."""

    server_name: str = strawberry.field(description="The server made from the package.")


UpgradePackageResult = Annotated[
    UpgradedPackage
    | HeldForApprovalError
    | InvalidInputError
    | ForbiddenError
    | ConflictError
    | NotFoundError
    | InstallError
    | ServerError
    | UnavailableError,
    strawberry.union("UpgradePackageResult", description="What was proved, or why not."),
]
PackageResult = Annotated[
    PackageType
    | InvalidInputError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("PackageResult", description="The package, or why not."),
]
CancelPackageOperationResult = Annotated[
    CancelledPackageOperation
    | InvalidInputError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union(
        "CancelPackageOperationResult", description="What was ended, or why nothing was."
    ),
]


@strawberry.type
class UpgradeMutations:
    """The fields of Mutation about versions of packages."""

    @strawberry.mutation(
        description="Upgrade a package: the other version is installed beside the one that "
        "serves, started once, asked for its tools, and only then switched in. Calls in flight "
        "finish on the old one, which is kept for rollbackPackage. On failure nothing changes."
    )
    async def upgrade_package(
        self,
        info: Info,
        input: Annotated[UpgradePackageInput, strawberry.argument(description="What to upgrade.")],
    ) -> UpgradePackageResult:
        """Upgrade."""
        wish = UpgradeWish(
            server_name=input.server_name,
            version=input.version,
            is_dry_run=input.dry_run,
            is_approval=input.approve,
        )
        context = info.context
        return await _outcome(context, upgrade_package(context.deps, context.principal, wish))

    @strawberry.mutation(
        description="Go back to the version before, without the network. The current one is kept "
        "in its place, so the same again undoes it."
    )
    async def rollback_package(
        self,
        info: Info,
        input: Annotated[
            RollbackPackageInput, strawberry.argument(description="What to take back.")
        ],
    ) -> UpgradePackageResult:
        """Roll back."""
        context = info.context
        return await _outcome(
            context, rollback_package(context.deps, context.principal, input.server_name)
        )

    @strawberry.mutation(
        description="Upgrade every package, a few at once; one outcome each, by server name. One "
        "that fails or is held stops no other."
    )
    async def upgrade_all_packages(self, info: Info) -> list[PackageUpgradeOutcome]:
        """Upgrade all."""
        context = info.context
        results = await upgrade_all_packages(context.deps, context.principal)
        return [PackageUpgradeOutcome.of(context, result) for result in results]

    @strawberry.mutation(description="Decide whether upgrades that change tools wait.")
    async def set_upgrade_policy(
        self,
        info: Info,
        input: Annotated[SetUpgradePolicyInput, strawberry.argument(description="The decision.")],
    ) -> PackageResult:
        """Set the policy."""
        return await outcome(_set_policy(info.context, input))

    @strawberry.mutation(
        description="End the install, upgrade or rollback under way, and wait until what it has "
        "done is undone. One that is switching in its result is finished instead."
    )
    async def cancel_package_operation(
        self,
        info: Info,
        input: Annotated[
            CancelPackageOperationInput, strawberry.argument(description="What to end.")
        ],
    ) -> CancelPackageOperationResult:
        """Cancel."""
        return await outcome(_cancel(info.context, input.server_name))


async def _outcome(context: Context, work: Any) -> Any:  # Any: the union is declared above
    try:
        return UpgradedPackage.of(context, await work)
    except AppError as error:
        return render_upgrade_error(error)


async def _set_policy(context: Context, given: SetUpgradePolicyInput) -> PackageType:
    package = await set_upgrade_policy(
        context.deps, context.principal, given.server_name, given.upgrade_policy
    )
    return PackageType.of(context.deps, package)


async def _cancel(context: Context, server_name: str) -> CancelledPackageOperation:
    await cancel_package_operation(context.deps, context.principal, server_name)
    return CancelledPackageOperation(server_name=server_name)
