"""What the services work with; built once, in `app.main`."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.package import Runtime
from app.domain.ports import (
    DatabaseWatch,
    Installer,
    PackageFiles,
    PackageStore,
    SecretStore,
    SeenSecrets,
    ServerStore,
    Sessions,
    Vault,
)
from app.services.operations import Operations
from app.services.progress import ProgressFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Stores, engines and feeds. `instance` names this process in leases."""

    instance: str
    database: DatabaseWatch
    servers: ServerStore
    packages: PackageStore
    secrets: SecretStore
    vault: Vault
    sessions: Sessions
    installers: Mapping[Runtime, Installer]
    files: PackageFiles
    seen: SeenSecrets
    progress: ProgressFeed
    operations: Operations
