"""An installed package: the files behind a server, and the story of getting them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.delivery import SecretBinding

LATEST = "latest"


class Runtime(StrEnum):
    """What runs the package."""

    NODE = "node"
    PYTHON = "python"


class PackageStatus(StrEnum):
    """Where a package is in its life."""

    INSTALLING = "installing"
    INSTALLED = "installed"
    UNINSTALLING = "uninstalling"


class InstallPhase(StrEnum):
    """The steps of an install, in order; the last two end it."""

    RESOLVING = "resolving"
    DOWNLOADING = "downloading"
    INSTALLING = "installing"
    VERIFYING = "verifying"
    SWITCHING = "switching"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSource:
    """Where a package comes from and how it is started, as asked for; upgrades use it again.

    `version` is exact, a dist-tag or a range (npm), or a PEP 440 specifier (PyPI); `latest` is
    the newest stable one of either. `requirements` are further Python requirements such as
    `mcp<2`. The index settings (Python) and `registry` (npm) go before the operator's own.
    `python_module`, or else `command`, overrides the entry point found in the package; `args`
    follow either.
    """

    name: str
    runtime: Runtime = Runtime.NODE
    version: str = LATEST
    requirements: tuple[str, ...] = ()
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    registry: str | None = None
    python_module: str | None = None
    command: str | None = None
    args: tuple[str, ...] = ()
    allow_scripts: bool = False
    fails_on_warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """What a caller asks to be installed, and the server to make of it."""

    source: PackageSource
    server_name: str
    env: Mapping[str, str]
    secrets: tuple[SecretBinding, ...] = ()
    is_enabled: bool = True
    display_name: str | None = None
    description: str | None = None
    startup_timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package record. `version` and `integrity` are None until the registry has answered.

    `install_dir` is relative to the packages folder; `lease_owner` is the process that is
    working on the record, until `lease_expires_at`; `keeps_secrets` is what an uninstall under
    way does with the users' secrets.
    """

    server_name: str
    name: str
    requested_version: str
    version: str | None
    integrity: str | None
    runtime: Runtime
    status: PackageStatus
    install_id: str
    install_dir: str
    lease_owner: str | None
    lease_expires_at: datetime | None
    installed_at: datetime | None
    keeps_secrets: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledFiles:
    """What an installer put into a folder: the exact version, its proof, and how to start it.

    `command` and `args` contain `{packageDir}` in place of the folder. `requirements` are the
    further Python requirements that were used; `warnings` are the installer's own lines.
    """

    version: str
    integrity: str
    command: str
    args: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedVersion:
    """An exact version of a package, and its hash where the registry tells it beforehand."""

    version: str
    integrity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageProgress:
    """One event of an install: a phase begun or ended, or a line the installer wrote."""

    server_name: str
    package_name: str
    phase: InstallPhase
    message: str
    at: datetime
