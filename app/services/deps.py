"""What the services work with; built once, in `app.main`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.domain.data_key import RotationProgress
from app.domain.kept_answer import AnswerStore
from app.domain.key_ports import DataKeyStore, DeploymentStore, Vault
from app.domain.news import NewsSource
from app.domain.outbound import Reach
from app.domain.package import Runtime
from app.domain.package_ports import Installer, PackageFiles, PackageStore, RemovedPackages
from app.domain.ports import DatabaseWatch, SecretStore, SeenSecrets, ServerStore, Sessions
from app.domain.session import ListingChange, LogLine, SessionView
from app.domain.signals import SignalStore
from app.lookout import Lookout
from app.services.audit import AuditLog
from app.services.authentication import Authentication
from app.services.builds_here import LocalBuilds
from app.services.call_at_work import CallAtWork
from app.services.feed import Feed
from app.services.last_use import SecretUse
from app.services.limits import Limits
from app.services.operations import Operations
from app.services.outbox import Outbox
from app.services.prepared import PreparedBundles
from app.services.progress import ProgressFeed
from app.services.running import RunningOperation


class KeyDeps(Protocol):
    """The part of Deps that work on keys needs; a command builds no more than this."""

    @property
    def secrets(self) -> SecretStore:
        """Stored secrets."""

    @property
    def data_keys(self) -> DataKeyStore:
        """Stored data keys."""

    @property
    def deployment(self) -> DeploymentStore:
        """What replicas share."""

    @property
    def vault(self) -> Vault:
        """What seals and opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Stores, engines and feeds.

    `instance` names this data folder, `life` this process: together they sign leases. With
    `is_local` only this machine can connect.
    """

    instance: str
    life: str
    database: DatabaseWatch
    audit: AuditLog
    limits: Limits
    servers: ServerStore
    packages: PackageStore
    removed_packages: RemovedPackages
    secrets: SecretStore
    answers: AnswerStore
    data_keys: DataKeyStore
    deployment: DeploymentStore
    authentication: Authentication
    vault: Vault
    sessions: Sessions
    installers: Mapping[Runtime, Installer]
    files: PackageFiles
    seen: SeenSecrets
    progress: ProgressFeed
    operations: Operations
    secret_use: SecretUse
    news: NewsSource
    signals: SignalStore
    outbox: Outbox
    session_changes: Feed[SessionView]
    listing_changes: Feed[ListingChange]
    is_local: bool = False
    server_changes: Feed[str] = field(default_factory=Feed)
    server_lines: Feed[LogLine] = field(default_factory=Feed)
    rotations: Feed[RotationProgress] = field(default_factory=Feed)
    calls: dict[str, CallAtWork] = field(default_factory=dict)
    lookout: Lookout = field(default_factory=Lookout)
    prepared: PreparedBundles = field(default_factory=PreparedBundles)
    package_work: dict[str, RunningOperation] = field(default_factory=dict)
    local_builds: LocalBuilds = field(default_factory=LocalBuilds)

    @property
    def reach(self) -> Reach:
        """How far connections go to servers that say nothing of their own.

        As long as only this machine's own users call, and nobody asks who they are, they may name
        its own servers: they may run any program here, too.
        """
        is_open = self.is_local and not self.authentication.is_known_to_be_on
        return Reach.LOOPBACK if is_open else Reach.PUBLIC
