"""Building the application: the only place where the rooms are wired together."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse, Response
from starlette.requests import Request
from starlette.routing import BaseRoute, Route, WebSocketRoute

from app.domain.errors import AppError
from app.domain.package import Runtime
from app.domain.seen_secrets import RecentSecrets
from app.edge.guards import BodyGuard, HostGuard, SurpriseGuard
from app.installers.files import PackageFolder
from app.installers.npm import NpmInstaller
from app.models import documents_by_database
from app.models.packages import MongoPackages
from app.models.secrets import MongoSecrets
from app.models.servers import MongoServers
from app.mongo.database import Database
from app.mongo.embedded import EmbeddedMongo
from app.processes.guard import Guard
from app.processes.spawner import Spawner
from app.resolvers.page import graphiql_assets
from app.resolvers.schema import build_schema
from app.resolvers.view import GraphQLView
from app.rest.failures import expected, from_router
from app.rest.routes import rest_routes
from app.services.deps import Deps
from app.services.operations import Operations
from app.services.progress import ProgressFeed
from app.services.recovery import recover
from app.services.servers import start_enabled_servers
from app.sessions.registry import SessionRegistry, load_session_class
from app.settings import Settings
from app.vault.vault import SingleKeyVault

log = logging.getLogger(__name__)

# How long a start waits for a MongoDB that is not ours; then requests get 503 until it is there.
DATABASE_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the command line has prepared on this machine before the application is built.

    `data_dir` is absolute and locked by this process; `mongod` is None with a MongoDB elsewhere.
    """

    settings: Settings
    data_dir: Path
    guard: Guard
    key: bytes
    mongod: EmbeddedMongo | None


def create_app(machine: Machine) -> Starlette:
    """The ASGI application. Must be called with a running event loop."""
    engines = _Engines(machine)
    settings = machine.settings
    app = Starlette(
        routes=_routes(engines.deps),
        middleware=[
            Middleware(SurpriseGuard),
            Middleware(HostGuard, allowed=settings.allowed_hosts),
            Middleware(BodyGuard, limit=settings.payload_limit),
        ],
        exception_handlers={AppError: expected, HTTPException: from_router},
        lifespan=engines.lifespan,
    )
    app.state.deps = engines.deps
    return app


class _Engines:
    """The engines of one process, and their start and end."""

    def __init__(self, machine: Machine) -> None:
        settings = machine.settings
        uri = machine.mongod.uri if machine.mongod is not None else settings.database_uri
        if uri is None:
            raise ValueError("there is neither an embedded nor a configured database")
        self._mongod = machine.mongod
        self._database = Database(
            uri,
            documents_by_database(
                settings.mongo_dbname, settings.secrets_dbname or settings.mongo_dbname
            ),
        )
        seen, spawner = RecentSecrets(), Spawner(machine.guard)
        servers = MongoServers(self._database)
        self._sessions = SessionRegistry(
            spawner=spawner, seen=seen, on_tools=servers.remember_tools
        )
        installer = NpmInstaller(spawner, timeout_seconds=settings.install_timeout_seconds)
        self.deps = Deps(
            instance=machine.guard.instance,
            database=self._database,
            servers=servers,
            packages=MongoPackages(self._database),
            secrets=MongoSecrets(self._database),
            vault=SingleKeyVault(machine.key),
            sessions=self._sessions,
            installers={Runtime.NODE: installer},
            files=PackageFolder(machine.data_dir / "packages"),
            seen=seen,
            progress=ProgressFeed(seen),
            operations=Operations(),
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[Mapping[str, object]]:
        """Start the engines, and end them in the opposite order."""
        if self._mongod is not None:
            await self._mongod.start()
        await self._database.start(patience_seconds=DATABASE_PATIENCE_SECONDS)
        starter = asyncio.create_task(self._recover_and_start(), name="start-up")
        try:
            yield {}
        finally:
            starter.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starter
            await self.deps.operations.close()
            await self._sessions.close()
            await self._database.stop()
            if self._mongod is not None:
                await self._mongod.stop()

    async def _recover_and_start(self) -> None:
        """In the background: HTTP answers meanwhile."""
        try:
            await self._database.wait_until_available()
            await recover(self.deps)
            await load_session_class()
            await start_enabled_servers(self.deps)
        except AppError as error:
            log.warning("Start-up was interrupted: %s", error.message)


def _routes(deps: Deps) -> list[BaseRoute]:
    graphql = GraphQLView(build_schema(), deps)
    return [
        Route("/", _to_graphiql, methods=["GET"]),
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", graphql),
        *graphiql_assets(),
        *rest_routes(),
    ]


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse("/graphql")
