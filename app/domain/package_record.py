"""A package as it is remembered: its versions on disk, and the work that is being done on it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstalledFiles, PackageSource, Runtime, UpgradePolicy
from app.domain.tool import Tool
from app.domain.tool_diff import ToolDiff


class PackageStatus(StrEnum):
    """Where a package is in its life."""

    INSTALLING = "installing"
    INSTALLED = "installed"
    UPGRADING = "upgrading"
    UNINSTALLING = "uninstalling"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageBuild:
    """One exact version of a package, in a folder of its own.

    `source` is what it came from, `requirements` the further Python requirements that were used.
    `tools` is its last known listing; None where nobody has seen it, because the server does not
    start without a user's secrets.
    """

    install_dir: str
    source: PackageSource
    version: str
    integrity: str
    command: str
    args: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    tools: tuple[Tool, ...] | None = None

    @classmethod
    def of(cls, install_dir: str, source: PackageSource, files: InstalledFiles) -> "PackageBuild":
        """The build that an installer has put into that folder."""
        return cls(
            install_dir=install_dir,
            source=source,
            version=files.version,
            integrity=files.integrity,
            command=files.command,
            args=files.args,
            requirements=files.requirements,
        )

    @property
    def entry(self) -> tuple[str, tuple[str, ...]]:
        """The command and arguments that start it, without those that the operator has added."""
        return self.command, self.args[: len(self.args) - len(self.source.args)]


@dataclass(frozen=True, slots=True)
class StagedUpgrade:
    """A version that is proved and not switched in yet; the diff is None where it is not known."""

    build: PackageBuild
    diff: ToolDiff | None


class HeldForApproval(AppError):
    """An upgrade that is ready, and that the package's policy holds."""

    def __init__(self, name: str, held: StagedUpgrade) -> None:
        told = "its tools are not known" if held.diff is None else held.diff.summary()
        super().__init__(
            ErrorCode.HELD_FOR_APPROVAL,
            f"{name} {held.build.version} is ready and waits for approval: {told}.",
            hint="Look at what it changes, then upgrade with approve: true.",
        )
        self.held = held


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest version that the registry had, and when it was asked."""

    version: str
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package record.

    `source` is what was asked for last; `build` is what serves, None until the first install is
    done; `previous` is what `rollbackPackage` goes back to. While an operation is under way,
    `work_dir` is the folder it fills, `candidate` what it is about to switch in, and
    `lease_owner` the operation, which lives as long as its lease is renewed. What serves is
    decided by the server's own document: see `was_switched`.
    """

    server_name: str
    source: PackageSource
    status: PackageStatus
    install_id: str
    build: PackageBuild | None = None
    previous: PackageBuild | None = None
    held: StagedUpgrade | None = None
    policy: UpgradePolicy = UpgradePolicy.AUTOMATIC
    last_diff: ToolDiff | None = None
    error: str | None = None
    latest: Latest | None = None
    work_dir: str | None = None
    candidate: StagedUpgrade | None = None
    lease_owner: str | None = None
    lease_expires_at: datetime | None = None
    is_cancel_asked: bool = False
    installed_at: datetime | None = None
    upgraded_at: datetime | None = None
    keeps_secrets: bool = False

    @property
    def name(self) -> str:
        """Its name in the registry."""
        return self.source.name

    @property
    def runtime(self) -> Runtime:
        """What runs it."""
        return self.source.runtime

    @property
    def version(self) -> str | None:
        """The exact version that serves."""
        return None if self.build is None else self.build.version

    @property
    def install_dir(self) -> str | None:
        """The folder of what serves, or of what is being installed."""
        return self.work_dir if self.build is None else self.build.install_dir

    def folders(self) -> frozenset[str]:
        """Every folder that belongs to the record."""
        builds = [build for build in (self.build, self.previous) if build is not None]
        builds += [staged.build for staged in (self.held, self.candidate) if staged is not None]
        work = [] if self.work_dir is None else [self.work_dir]
        return frozenset((*(build.install_dir for build in builds), *work))

    def was_switched(self, package_dir: str | None) -> bool:
        """Whether the operation under way has reached the server, which is started from there."""
        return self.candidate is not None and package_dir == self.candidate.build.install_dir

    def leased(self, owner: str, until: datetime) -> "Package":
        """The record under the lease of an operation."""
        return replace(self, lease_owner=owner, lease_expires_at=until)

    def settled(self, now: datetime) -> "Package":
        """The record after its candidate was switched in; the version before it is kept."""
        if self.candidate is None:
            return self.idle()
        return replace(
            self.idle(),
            source=self.candidate.build.source,
            build=self.candidate.build,
            previous=self.build,
            held=None,
            last_diff=self.candidate.diff,
            error=None,
            installed_at=self.installed_at or now,
            upgraded_at=None if self.build is None else now,
        )

    def idle(self) -> "Package":
        """The record without the operation that was under way; what serves stays as it is."""
        return replace(
            self,
            status=PackageStatus.INSTALLED,
            work_dir=None,
            candidate=None,
            lease_owner=None,
            lease_expires_at=None,
            is_cancel_asked=False,
        )
