"""What the application is made of, from what the command line has prepared and the settings say."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.auth.configuration import verifier_of
from app.domain.life import new_life, new_run
from app.domain.package import InstallRequest, Runtime
from app.domain.package_ports import Installer
from app.domain.seen_secrets import RecentSecrets
from app.domain.session import ListingChange, LogLine, SessionView
from app.installers.disk import InstallLimits
from app.installers.npm import NpmInstaller
from app.installers.pypi import PypiInstaller
from app.installers.uv_client import PythonSettings
from app.models import documents_by_database
from app.models.audit import MongoAudit
from app.models.tokens import MongoTokens
from app.mongo.database import Database
from app.mongo.embedded import EmbeddedMongo, ParentsMongo
from app.processes.guard import Guard
from app.processes.line_file import LineFile
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.processes.worker_files import WorkerFiles
from app.services.audit import AuditLog
from app.services.authentication import Authentication
from app.services.last_use import TokenUse
from app.services.limits import LimitSettings
from app.services.refused_callers import RefusedCallers
from app.sessions.registry import OnTools, SessionRegistry
from app.sessions.slots import SessionLimits
from app.settings import Settings
from app.vault.keys import KeySource


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the command line has prepared on this machine before the application is built.

    `data_dir` is absolute and locked by this process; `mongod` is None with a MongoDB elsewhere.
    Of `keys`, the first seals secrets, and all open them. Where several workers share the data
    folder, `worker` is this one's number, from 1; what only one process may do, the first does.
    """

    settings: Settings
    data_dir: Path
    guard: Guard
    keys: Sequence[KeySource] = field(repr=False)
    mongod: EmbeddedMongo | ParentsMongo | None
    admin_token: str | None = field(default=None, repr=False)
    install_on_start: Sequence[InstallRequest] = ()
    worker: int = 1
    life: str = field(default_factory=lambda: new_life(new_run(), 1))

    @property
    def own_files(self) -> WorkerFiles:
        """The files that no other worker uses."""
        return WorkerFiles(self.data_dir, self.worker)


def database_of(machine: Machine) -> Database:
    """The database that the settings name, or the embedded one."""
    settings = machine.settings
    uri = machine.mongod.uri if machine.mongod is not None else settings.database_uri
    if uri is None:
        raise ValueError("there is neither an embedded nor a configured database")
    secrets_name = settings.secrets_dbname or settings.mongo_dbname
    return Database(uri, documents_by_database(settings.mongo_dbname, secrets_name))


def authentication_of(machine: Machine, tokens: MongoTokens, audit: AuditLog) -> Authentication:
    """How callers are known."""
    return Authentication(
        mode=machine.settings.auth_mode,
        tokens=tokens,
        token_use=TokenUse(tokens),
        refused=RefusedCallers(audit.add),
        admin_token=machine.admin_token,
        verifier=verifier_of(machine.settings),
    )


def limit_settings_of(settings: Settings) -> LimitSettings:
    """What one principal and one user may do."""
    return LimitSettings(
        calls_per_second=settings.calls_per_second,
        calls_at_once=settings.max_calls_per_user,
        installs_per_hour=settings.installs_per_hour,
        wait_seconds=settings.session_wait_seconds,
    )


def installers_of(machine: Machine, spawner: Spawner) -> dict[Runtime, Installer]:
    """What fetches packages, by what runs them."""
    settings = machine.settings
    limits = InstallLimits(
        timeout_seconds=settings.install_timeout_seconds,
        least_free_bytes=settings.install_free_space,
    )
    python = PythonSettings(
        python=settings.python_bin or sys.executable,
        cache_dir=machine.data_dir / "cache" / "uv",
        index_url=settings.pip_index,
        extra_index_urls=settings.pip_extra_indexes,
    )
    return {
        Runtime.NODE: NpmInstaller(spawner, limits),
        Runtime.PYTHON: PypiInstaller(spawner, limits, python),
    }


def audit_log_of(machine: Machine, database: Database, seen: RecentSecrets) -> AuditLog:
    """The records, and where they wait on the disk for a database that is away."""
    backlog = LineFile(machine.own_files.backlog)
    return AuditLog(MongoAudit(database), backlog, seen.mask)


def session_registry_of(
    machine: Machine,
    spawner: Spawner,
    seen: RecentSecrets,
    *,
    on_tools: OnTools,
    on_change: Callable[[SessionView], None],
    on_listing: Callable[[ListingChange], None],
    on_log: Callable[[LogLine], None],
) -> SessionRegistry:
    """The live sessions, and whom they tell."""
    return SessionRegistry(
        spawner=spawner,
        files=PrivateFiles(machine.own_files.secrets),
        seen=seen,
        limits=_session_limits(machine.settings),
        on_tools=on_tools,
        on_change=on_change,
        on_listing=on_listing,
        on_log=on_log,
    )


def _session_limits(settings: Settings) -> SessionLimits:
    """How many sessions there may be."""
    return SessionLimits(
        total=settings.max_sessions,
        per_server=settings.max_sessions_per_server,
        per_user=settings.max_sessions_per_user,
        starts_at_once=settings.max_session_starts,
        wait_seconds=settings.session_wait_seconds,
    )
