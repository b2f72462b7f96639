"""What a package comes from, what is made of it, and the story of getting it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.delivery import SecretBinding
from app.domain.server import Transport
from app.domain.server_access import OPEN, ServerAccess

LATEST = "latest"


class Runtime(StrEnum):
    """What runs the package."""

    NODE = "node"
    PYTHON = "python"


class UpgradePolicy(StrEnum):
    """Whether an upgrade that has proved itself is switched in at once."""

    AUTOMATIC = "automatic"
    HOLD_BREAKING = "hold_breaking"


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
    """What a caller asks to be installed, and the server to make of it.

    With another transport than stdio the package is fetched, and run by somebody else: the server
    is what answers at `url`.
    """

    source: PackageSource
    server_name: str
    env: Mapping[str, str]
    transport: Transport = Transport.STDIO
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    allows_private_network: bool | None = None
    secrets: tuple[SecretBinding, ...] = ()
    is_enabled: bool = True
    display_name: str | None = None
    description: str | None = None
    startup_timeout_seconds: float
    policy: UpgradePolicy = UpgradePolicy.AUTOMATIC
    access: ServerAccess = OPEN


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
