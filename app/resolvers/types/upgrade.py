"""What an upgrade changes, what is held, and what there is to upgrade to."""

from datetime import datetime
from typing import Self

import strawberry

from app.domain.errors import AppError
from app.domain.package import UpgradePolicy
from app.domain.package_record import HeldForApproval, StagedUpgrade
from app.domain.tool_diff import ToolAspect, ToolDiff
from app.resolvers.enums import describe_enum
from app.resolvers.types.error import ErrorInterface, render_error
from app.services.updates import PackageUpdate

describe_enum(
    UpgradePolicy,
    "UpgradePolicy",
    "Whether an upgrade that has proved itself is switched in at once.",
    {
        UpgradePolicy.AUTOMATIC: "Always.",
        UpgradePolicy.HOLD_BREAKING: "Not when it removes or changes tools, or when its tools are "
        "not known: then it waits until it is approved.",
    },
)
describe_enum(
    ToolAspect,
    "ToolAspect",
    "A part of a tool's description that can change.",
    {
        ToolAspect.TITLE: "Its name for people.",
        ToolAspect.DESCRIPTION: "What it says it does; models decide by it.",
        ToolAspect.INPUT_SCHEMA: "The arguments it takes.",
        ToolAspect.OUTPUT_SCHEMA: "The structured content it answers with.",
        ToolAspect.ANNOTATIONS: "Its hints, such as whether it only reads.",
    },
)


@strawberry.type(name="ToolChange", description="A tool that both versions have, changed.")
class ToolChangeType:
    """One changed tool."""

    name: str = strawberry.field(description="The tool's name.")
    aspects: list[ToolAspect] = strawberry.field(description="What differs.")
    details: list[str] = strawberry.field(
        description="In words, how its arguments differ, such as `argument 'city' is new`."
    )


@strawberry.type(name="ToolDiff", description="The tools of a version against those before.")
class ToolDiffType:
    """One diff."""

    added: list[str] = strawberry.field(description="Names of tools that are new.")
    removed: list[str] = strawberry.field(description="Names of tools that are gone.")
    changed: list[ToolChangeType] = strawberry.field(description="Tools that are different.")
    breaking: bool = strawberry.field(description="Whether tools are removed or changed.")

    @classmethod
    def of(cls, diff: ToolDiff | None) -> Self | None:
        """The GraphQL diff; None where it is not known."""
        if diff is None:
            return None
        return cls(
            added=[*diff.added],
            removed=[*diff.removed],
            changed=[
                ToolChangeType(name=c.name, aspects=[*c.aspects], details=[*c.details])
                for c in diff.changed
            ],
            breaking=diff.is_breaking,
        )


@strawberry.type(
    name="HeldUpgrade", description="An upgrade that is proved, and waits for approval."
)
class HeldUpgradeType:
    """A held upgrade."""

    version: str = strawberry.field(description="The exact version.")
    tool_diff: ToolDiffType | None = strawberry.field(
        description="What it changes; null where the server shows its tools to a user only."
    )

    @classmethod
    def of(cls, held: StagedUpgrade | None) -> Self | None:
        """The GraphQL held upgrade."""
        if held is None:
            return None
        return cls(version=held.build.version, tool_diff=ToolDiffType.of(held.diff))


@strawberry.type(name="PackageUpdate", description="A package's version against the newest.")
class PackageUpdateType:
    """What a check has found."""

    server_name: str = strawberry.field(description="The server made from the package.")
    current_version: str | None = strawberry.field(description="The exact version that serves.")
    latest_version: str | None = strawberry.field(
        description="The newest stable version; what was known before where the registry has not "
        "answered."
    )
    update_available: bool = strawberry.field(description="Whether that is newer.")
    checked_at: datetime | None = strawberry.field(description="When the registry answered last.")
    error: ErrorInterface | None = strawberry.field(
        description="Why the registry has not answered now, if it has not."
    )

    @classmethod
    def of(cls, update: PackageUpdate) -> Self:
        """The GraphQL update."""
        package = update.package
        return cls(
            server_name=package.server_name,
            current_version=package.version,
            latest_version=update.latest,
            update_available=update.is_available,
            checked_at=None if package.latest is None else package.latest.checked_at,
            error=None if update.error is None else render_error(update.error),
        )


@strawberry.type(
    description="The upgrade is ready and waits for approval; what served before still serves."
)
class HeldForApprovalError(ErrorInterface):
    """HELD_FOR_APPROVAL."""

    held_upgrade: HeldUpgradeType = strawberry.field(description="What waits.")


def render_upgrade_error(error: AppError) -> ErrorInterface:
    """The GraphQL type of an upgrade's expected failure."""
    if not isinstance(error, HeldForApproval):
        return render_error(error)
    return HeldForApprovalError(
        code=error.code,
        message=error.message,
        path=[*error.path],
        hint=error.hint,
        held_upgrade=HeldUpgradeType(
            version=error.held.build.version, tool_diff=ToolDiffType.of(error.held.diff)
        ),
    )
