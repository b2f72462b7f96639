"""The answers about packages, in camelCase; see `answers`."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.domain.errors import ErrorCode
from app.domain.package import Runtime, UpgradePolicy
from app.domain.package_record import PackageStatus
from app.domain.tool_diff import ToolAspect
from app.rest.answers import CLOSED, At, Done, ServerBody


@with_config(CLOSED)
class PackageBody(TypedDict):
    """An installed package."""

    name: str
    version: Annotated[str | None, Field(description="Exact, as installed.")]
    requestedVersion: str
    latestVersion: Annotated[str | None, Field(description="As the last check has found.")]
    updateAvailable: bool | None
    previousVersion: Annotated[str | None, Field(description="What a rollback goes back to.")]
    heldVersion: Annotated[str | None, Field(description="What waits for approval.")]
    upgradePolicy: UpgradePolicy
    installPath: str | None
    status: PackageStatus
    error: NotRequired[str]
    installed: At | None
    lastUpgraded: At | None
    mcpServerId: Annotated[str, Field(description="The name of its server.")]
    enabled: bool
    runtime: Runtime


@with_config(CLOSED)
class UpdateBody(TypedDict):
    """A package's version against the newest; `error` where the registry has not answered."""

    serverName: str
    currentVersion: str | None
    latestVersion: str | None
    updateAvailable: bool
    error: NotRequired[str]


@with_config(CLOSED)
class UpgradeResultBody(TypedDict):
    """What came of one package's upgrade among all."""

    serverName: str
    success: bool
    error: NotRequired[str]
    code: NotRequired[ErrorCode]


@with_config(CLOSED)
class ToolChangeBody(TypedDict):
    """A tool that both versions have, and what differs."""

    name: str
    aspects: list[ToolAspect]
    details: list[str]


@with_config(CLOSED)
class ToolDiffBody(TypedDict):
    """What a version changes about the tools."""

    added: list[str]
    removed: list[str]
    changed: list[ToolChangeBody]
    breaking: bool


class PackageAnswer(Done):
    """One package."""

    package: PackageBody


class PackagesAnswer(Done):
    """Every package."""

    packages: list[PackageBody]


class PackageServerAnswer(Done):
    """A package and its server."""

    package: PackageBody
    server: ServerBody


class UpdatesAnswer(Done):
    """One entry a package."""

    updates: list[UpdateBody]


class UpgradesAnswer(Done):
    """One entry a package."""

    results: list[UpgradeResultBody]


@with_config(CLOSED)
class UpgradeAnswer(TypedDict):
    """A package and its server after an upgrade, and the version that was proved."""

    success: Literal[True]
    package: PackageBody
    server: ServerBody
    version: str
    switched: Annotated[bool, Field(description="Whether that version serves now.")]
    toolDiff: Annotated[ToolDiffBody | None, Field(description="null where it is not known.")]
