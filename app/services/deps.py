"""What the services work with; built once, in `app.main`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

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
from app.domain.session import ListingChange, SessionView
from app.services.feed import Feed
from app.services.operations import Operations
from app.services.progress import ProgressFeed
from app.services.running import RunningCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Stores, engines and feeds.

    `instance` names this data folder, `life` this process: together they sign leases.
    """

    instance: str
    life: str = field(default_factory=lambda: uuid4().hex)
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
    session_changes: Feed[SessionView]
    listing_changes: Feed[ListingChange]
    calls: dict[str, RunningCall] = field(default_factory=dict)
