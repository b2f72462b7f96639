"""What services need for packages from the installers, the disk and the database."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from app.domain.package import (
    InstalledFiles,
    InstallPhase,
    PackageSource,
    ResolvedVersion,
    UpgradePolicy,
)
from app.domain.package_record import Latest, Package
from app.domain.page import PageRequest

Report = Callable[[InstallPhase, str], None]


class PackageStore(Protocol):
    """Stored packages. Every method raises DATABASE_UNAVAILABLE when the database is away."""

    async def find(self, server_name: str) -> Package | None:
        """The package behind that server."""

    async def find_by_name(self, name: str) -> Package | None:
        """The first package of that registry name, by server name."""

    async def find_many(self, server_names: Sequence[str]) -> dict[str, Package]:
        """The packages behind those servers, by server name."""

    async def list_page(self, page: PageRequest) -> list[Package]:
        """Up to `first + 1` packages by server name, after the name `after`."""

    async def list_unfinished(self) -> list[Package]:
        """Every package on which an operation is under way, or was when its process died."""

    async def claim(self, package: Package) -> None:
        """Reserve the server name. Raises CONFLICT when a package has it."""

    async def begin(self, package: Package) -> Package | None:
        """Begin an operation under the record's lease: the record of that moment.

        None when another one is under way.
        """

    async def store(self, package: Package, *, owner: str) -> bool:
        """Keep a step of the operation that is `owner`; False when it is not its any more."""

    async def take_over(self, package: Package, *, owner: str, expires_at: datetime) -> bool:
        """Take the lease from who had it; False when somebody else was faster."""

    async def renew_lease(self, install_id: str, owner: str, expires_at: datetime) -> bool | None:
        """Extend the lease of an operation, and say whether its end is asked for.

        None when the lease is not the operation's any more.
        """

    async def ask_cancel(self, install_id: str, owner: str) -> bool:
        """Ask the process that does it to end an operation; False when it is over."""

    async def set_policy(self, install_id: str, policy: UpgradePolicy) -> bool:
        """Change how upgrades are switched in; False when the package is gone."""

    async def note_latest(self, install_id: str, latest: Latest) -> None:
        """Keep what the registry's newest version is."""

    async def delete(self, install_id: str, *, owner: str) -> bool:
        """Forget the package, at the end of the operation that is `owner`."""


class RemovedPackages(Protocol):
    """Which packages a person has uninstalled, so that a start does not bring them back."""

    async def note(self, server_name: str, at: datetime) -> None:
        """Remember that the package behind that server was uninstalled."""

    async def has(self, server_name: str) -> bool:
        """Whether it was uninstalled and not installed again since."""

    async def forget(self, server_name: str) -> None:
        """It is installed again."""


class Installer(Protocol):
    """Gets packages from one ecosystem's registry into a folder.

    Every method raises PACKAGE_NOT_FOUND, VERSION_NOT_FOUND (naming the nearest versions),
    REGISTRY_UNAVAILABLE or INSTALL_FAILED, and INVALID_INPUT for what `check_source` refuses.
    """

    async def install(self, source: PackageSource, folder: str, report: Report) -> InstalledFiles:
        """Fill the empty folder, which belongs to this install alone.

        On failure and on cancellation nothing runs any more; the folder is the caller's to remove.
        """

    async def resolve(self, source: PackageSource) -> ResolvedVersion:
        """The exact version that the source's `version` stands for right now."""

    async def newest(self, source: PackageSource) -> ResolvedVersion:
        """The newest stable version there is, whatever the source's `version` allows.

        Answers are kept for a minute, and few questions are asked at once.
        """


class PackageFiles(Protocol):
    """The folder that holds every installed package, one subfolder an install."""

    def path(self, install_dir: str) -> str:
        """The absolute path of an install's folder."""

    async def create(self, install_dir: str) -> str:
        """Make an empty folder, and return its absolute path."""

    def is_whole(self, install_dir: str) -> bool:
        """Whether the folder is there, and was sealed after it was created."""

    async def seal(self, install_dir: str) -> None:
        """Take the permission to write from everything in it, once the install is proved."""

    async def remove(self, install_dir: str) -> None:
        """Delete an install's folder, sealed or not; fine when there is none."""

    def claim(self, install_dir: str) -> AbstractAsyncContextManager[None]:
        """Wait until no other process that shares the folder fills that install's, and let none."""

    async def list_all(self) -> list[str]:
        """Every install's folder, as given to `create`."""
