"""The services over real stores, sessions, files and a vault; only the installer is a fake."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.package import InstallRequest, PackageSource, Runtime
from app.domain.package_record import Package
from app.domain.principal import local_principal
from app.domain.seen_secrets import RecentSecrets
from app.domain.server import Server, ServerSettings, ServerStatus
from app.domain.session import ListingChange, SessionView
from app.installers.files import PackageFolder
from app.models.audit import MongoAudit
from app.mongo.database import Database
from app.processes.line_file import LineFile
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.services.audit import AuditLog
from app.services.authentication import Authentication
from app.services.deps import Deps
from app.services.feed import Feed
from app.services.install import install_package
from app.services.last_use import SecretUse, TokenUse
from app.services.limits import Limits, LimitSettings
from app.services.operations import Operations
from app.services.outbox import Outbox
from app.services.progress import ProgressFeed
from app.services.refused_callers import RefusedCallers
from app.services.secrets import Place, set_secret
from app.services.servers import add_server, get_server
from app.sessions.registry import SessionRegistry
from app.sessions.slots import SessionLimits
from app.settings import AuthMode
from tests.conftest import Stores
from tests.services.fake_installer import FakeInstaller
from tests.subjects import FINGERPRINT
from tests.vault.keys import vault
from tests.waiting import until

OPERATOR = local_principal()


@dataclass(frozen=True, slots=True)
class World:
    """The services' dependencies, and the parts behind them that tests look at."""

    deps: Deps
    stores: Stores
    installer: FakeInstaller
    registry: SessionRegistry
    packages: Path
    secret_files: Path

    def on_disk(self) -> list[str]:
        folders = [p for p in self.packages.glob("*/*") if p.is_dir()]
        return sorted(str(p.relative_to(self.packages)) for p in folders)

    def serves(self, package: Package, server: Server) -> None:
        """The two documents and the disk must agree, and nothing may be under way."""
        build = package.build
        assert build is not None
        assert server.package_dir == build.install_dir
        assert server.install_id == package.install_id
        assert package == package.idle()
        assert set(self.on_disk()) == package.folders()
        assert all(self.deps.files.is_whole(folder) for folder in package.folders())

    def another_life(self) -> "World":
        """The same data folder, served by a later process."""
        return replace(self, deps=replace(self.deps, life="later"))


@pytest.fixture
async def world(
    stores: Stores, database: Database, spawner: Spawner, tmp_path: Path
) -> AsyncIterator[World]:
    seen, installer, operations = RecentSecrets(), FakeInstaller(), Operations()
    outbox = Outbox(stores.signals)
    session_changes: Feed[SessionView] = Feed()
    listing_changes: Feed[ListingChange] = Feed()
    secret_files = tmp_path / "secret-files"
    registry = SessionRegistry(
        spawner=spawner,
        files=PrivateFiles(secret_files),
        seen=seen,
        limits=SessionLimits(wait_seconds=60),  # a busy machine is no failure
        on_tools=stores.servers.remember_tools,
        on_change=session_changes.publish,
        on_listing=listing_changes.publish,
    )
    packages = tmp_path / "packages"
    audit = AuditLog(MongoAudit(database), LineFile(tmp_path / "backlog.jsonl"), seen.mask)
    deps = Deps(
        instance="this-folder",
        life="this-life",
        database=database,
        limits=Limits(LimitSettings()),
        audit=audit,
        servers=stores.servers,
        packages=stores.packages,
        removed_packages=stores.removed_packages,
        secrets=stores.secrets,
        secret_use=SecretUse(stores.secrets),
        answers=stores.answers,
        news=stores.news,
        signals=stores.signals,
        outbox=outbox,
        data_keys=stores.data_keys,
        deployment=stores.deployment,
        authentication=Authentication(
            mode=AuthMode.AUTO,
            tokens=stores.tokens,
            token_use=TokenUse(stores.tokens),
            refused=RefusedCallers(audit.add),
        ),
        vault=vault(),
        sessions=registry,
        installers={Runtime.NODE: installer, Runtime.PYTHON: installer},
        files=PackageFolder(packages),
        seen=seen,
        progress=ProgressFeed(seen, outbox.put),
        operations=operations,
        session_changes=session_changes,
        listing_changes=listing_changes,
    )
    yield World(deps, stores, installer, registry, packages, secret_files)
    await operations.close()
    await registry.close()


def request(server_name: str = "s", **changes: Any) -> InstallRequest:
    of_source = {f.name for f in fields(PackageSource)}
    source = {"name": "mcp-hello-world"} | {k: v for k, v in changes.items() if k in of_source}
    rest = {k: v for k, v in changes.items() if k not in of_source}
    more = {"server_name": server_name, "env": {}, "startup_timeout_seconds": 20.0}
    return InstallRequest(**{"source": PackageSource(**source), **more, **rest})


async def install(world: World, server_name: str = "s", **changes: Any) -> tuple[Package, Server]:
    """Install the first version, or what the changes say."""
    return await install_package(world.deps, OPERATOR, request(server_name, **changes))


async def stored(world: World, server_name: str = "s") -> tuple[Package, Server]:
    """The package and its server as they are stored."""
    package = await world.stores.packages.find(server_name)
    server = await world.stores.servers.find(server_name)
    assert package is not None
    assert server is not None
    return package, server


async def add(
    world: World, name: str = "s", script: Path = FINGERPRINT, *args: str, **changes: Any
) -> None:
    settings = ServerSettings(
        name=name, command=sys.executable, args=("-S", str(script), *args), env={}
    )
    await add_server(world.deps, OPERATOR, replace(settings, **changes))


async def keep(
    world: World, username: str | None, name: str, value: str, server: str = "s"
) -> None:
    """Store a user's secret, or for None the one that all share."""
    place = Place(server_name=server, name=name, username=username, is_shared=username is None)
    await set_secret(world.deps, OPERATOR, place, value)


async def until_started(world: World, *names: str) -> None:
    """Return when the background start of each of the servers has worked or failed."""
    for name in names:
        server = await get_server(world.deps, name)

        def is_done(server: Server = server) -> bool:
            status = world.registry.status(server.name, server.revision)
            return status in (ServerStatus.CONNECTED, ServerStatus.ERROR)

        await until(is_done)


async def assert_nothing_is_left(world: World, server_name: str = "s") -> None:
    assert await world.stores.packages.find(server_name) is None
    assert await world.stores.servers.find(server_name) is None
    assert world.on_disk() == []
    assert world.registry.views() == []
