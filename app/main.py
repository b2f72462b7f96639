"""Building the application: the only place where the rooms are wired together."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.domain.errors import AppError
from app.domain.seen_secrets import RecentSecrets
from app.domain.session import ListingChange, LogLine, SessionView
from app.edge.authentication import Callers
from app.edge.bodies import Bodies
from app.edge.entrance import Entrance
from app.edge.hosts import Hosts
from app.edge.protected_resource import METADATA_PATHS, metadata_routes
from app.gateway.door import McpDoor
from app.installers.files import PackageFolder
from app.models.answers import MongoAnswers
from app.models.data_keys import MongoDataKeys
from app.models.deployment import MongoDeployment
from app.models.news import MongoNews
from app.models.packages import MongoPackages
from app.models.removed_packages import MongoRemovedPackages
from app.models.secrets import MongoSecrets
from app.models.servers import MongoServers
from app.models.signals import MongoSignals
from app.models.tokens import MongoTokens
from app.parts import (
    Machine,
    audit_log_of,
    authentication_of,
    database_of,
    installers_of,
    limit_settings_of,
    session_registry_of,
)
from app.processes.spawner import Spawner
from app.resolvers.door import GraphQLDoor
from app.rest.failures import expected, from_router
from app.rest.openapi_routes import DOCUMENTATION, DOCUMENTATION_FILES
from app.rest.routes import direct_routes, rest_routes
from app.services.deps import Deps
from app.services.feed import Feed
from app.services.install_on_start import install_on_start
from app.services.key_announcement import announce_keys
from app.services.last_use import SecretUse
from app.services.limits import Limits
from app.services.operations import Operations
from app.services.outbox import Outbox
from app.services.progress import ProgressFeed
from app.services.recovery import recover
from app.services.replicas import Replica
from app.services.secrets import warn_of_foreign_keys
from app.services.signals import Inbox
from app.settings import is_loopback
from app.vault.keyring import LocalKeyring
from app.vault.vault import EnvelopeVault

log = logging.getLogger(__name__)

# How long a start waits for a MongoDB that is not ours; then requests get 503 until it is there.
DATABASE_PATIENCE_SECONDS = 2.0
COMMAND_PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 2.0
# Everybody may see that it is there.
PUBLIC = frozenset(("/", "/healthz", *DOCUMENTATION, *METADATA_PATHS))


class Application(Starlette):
    """Starlette with what the doors need, and without its own answer to surprises.

    The Entrance gives that.
    """

    def __init__(self, deps: Deps, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deps = deps

    def __call__(  # type: ignore[override] # as ASGI has it; Starlette adds a coroutine
        self, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Answer one request, or serve one WebSocket, or the lifespan."""
        scope["app"] = self
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        return self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """What each request passes."""
        handlers: dict[Any, Any] = {**self.exception_handlers}
        app: ASGIApp = ExceptionMiddleware(self.router, handlers=handlers)
        for one, args, kwargs in reversed(self.user_middleware):
            app = one(app, *args, **kwargs)
        return app


def create_app(machine: Machine) -> Application:
    """The ASGI application. Must be called with a running event loop."""
    engines = _Engines(machine)
    settings = machine.settings
    app = Application(
        engines.deps,
        routes=[
            Route("/", _to_graphiql, methods=["GET"]),
            *engines.graphql.routes(),
            *engines.mcp.routes(),
            *metadata_routes(settings.oidc_issuer),
            *rest_routes(),
        ],
        middleware=[
            Middleware(
                Entrance,
                hosts=Hosts(settings.allowed_hosts, settings.cors_origins),
                callers=Callers(engines.deps.authentication, engines.is_public),
                bodies=Bodies(settings.payload_limit, settings.request_body_seconds),
                lookout=engines.deps.lookout,
                table={**engines.graphql.direct_routes(), **direct_routes()},
                cors_origins=settings.cors_origins,
            )
        ],
        exception_handlers={AppError: expected, HTTPException: from_router},
        lifespan=engines.lifespan,
    )
    app.router.redirect_slashes = False  # an unknown route is told, not guessed
    return app


@contextlib.asynccontextmanager
async def open_engines(machine: Machine) -> AsyncIterator[Deps]:
    """What the services need, without doors and without starting any server, for one command.

    Raises:
        AppError: DATABASE_UNAVAILABLE.
    """
    engines = _Engines(machine)
    await engines.start(patience_seconds=COMMAND_PATIENCE_SECONDS)
    try:
        engines.deps.database.check()
        await recover(engines.deps)
        yield engines.deps
    finally:
        await engines.stop()


class _Engines:
    """The engines of one process, and their start and end."""

    def __init__(self, machine: Machine) -> None:
        settings = machine.settings
        self._wanted = machine.install_on_start
        self._has_recovered = asyncio.Event()
        self._database = database_of(machine)
        self._retention_days = settings.audit_retention_days
        seen, spawner = RecentSecrets(), Spawner(machine.guard)
        audit = audit_log_of(machine, self._database, seen)
        servers = MongoServers(self._database)
        deployment = MongoDeployment(self._database)
        secrets = MongoSecrets(self._database)
        signals = MongoSignals(self._database, machine.life)
        outbox = Outbox(signals)
        session_changes: Feed[SessionView] = Feed()
        listing_changes: Feed[ListingChange] = Feed()
        server_lines: Feed[LogLine] = Feed()
        self._sessions = session_registry_of(
            machine, spawner, seen,
            on_tools=servers.remember_tools, on_change=session_changes.publish,
            on_listing=listing_changes.publish, on_log=server_lines.publish,
        )  # fmt: skip
        self.deps = Deps(
            instance=machine.guard.instance,
            life=machine.life,
            database=self._database,
            audit=audit,
            servers=servers,
            packages=MongoPackages(self._database),
            removed_packages=MongoRemovedPackages(self._database),
            secrets=secrets,
            secret_use=SecretUse(secrets),
            answers=MongoAnswers(self._database),
            news=MongoNews(self._database),
            signals=signals,
            outbox=outbox,
            data_keys=MongoDataKeys(self._database),
            deployment=deployment,
            authentication=authentication_of(machine, MongoTokens(self._database), audit),
            vault=EnvelopeVault(LocalKeyring(machine.keys, deployment.salt)),
            sessions=self._sessions,
            installers=installers_of(machine, spawner),
            files=PackageFolder(machine.data_dir / "packages"),
            seen=seen,
            progress=ProgressFeed(seen, outbox.put),
            operations=Operations(),
            session_changes=session_changes,
            listing_changes=listing_changes,
            server_lines=server_lines,
            limits=Limits(limit_settings_of(settings)),
            is_local=is_loopback(settings.host),
        )
        self._replica = Replica(self.deps)
        self._inbox = Inbox(self.deps)
        self.graphql = GraphQLDoor(self.deps, settings)
        self.mcp = McpDoor(self.deps, settings.payload_limit)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[Mapping[str, object]]:
        """Start the engines, and end them in the opposite order."""
        await self.start(patience_seconds=DATABASE_PATIENCE_SECONDS)
        background = [
            asyncio.create_task(self._recover_and_run(), name="servers"),
            asyncio.create_task(self._install_wanted(), name="INSTALL_ON_START"),
            asyncio.create_task(self._take_over_audit(), name="audit of earlier versions"),
            asyncio.create_task(self._database.changes.own(), name="change streams"),
            asyncio.create_task(self.deps.outbox.own(), name="signals to others"),
            asyncio.create_task(self._inbox.own(), name="signals of others"),
            asyncio.create_task(self._serve_mcp(), name="MCP endpoint"),
            asyncio.create_task(self.deps.secret_use.own(), name="use of secrets"),
            asyncio.create_task(self.deps.authentication.token_use.own(), name="use of tokens"),
            asyncio.create_task(self.deps.authentication.refused.own(), name="refused callers"),
            asyncio.create_task(announce_keys(self.deps, self.deps.life), name="key announcement"),
        ]
        for task in background:
            task.add_done_callback(_log_failure)
        try:
            yield {}
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self.stop()

    def is_public(self, scope: Scope) -> bool:
        """Whether everybody may see that."""
        path: str = scope["path"]
        if path in PUBLIC or path.startswith(DOCUMENTATION_FILES):
            return True
        return self.graphql.is_page(scope)

    async def start(self, *, patience_seconds: float) -> None:
        """Begin with the database."""
        await self._database.start(patience_seconds=patience_seconds)
        self.deps.audit.start()

    async def stop(self) -> None:
        """End what is under way, then the sessions, the audit and the database."""
        await self.deps.operations.close()
        await self._sessions.close()
        await self.deps.audit.close()
        await self._database.stop()

    async def _serve_mcp(self) -> None:
        """The MCP endpoint, after the GraphQL door: one import at a time."""
        await self.graphql.load()
        await self.mcp.own()

    async def _install_wanted(self) -> None:
        await self._has_recovered.wait()
        while True:
            try:
                return await install_on_start(self.deps, self._wanted)
            except AppError as error:
                log.warning("INSTALL_ON_START has to wait: %s", error.message)
                await asyncio.sleep(RETRY_SECONDS)

    async def _take_over_audit(self) -> None:
        """In the background: there may be a million records."""
        await self._database.wait_until_available()
        while True:
            try:
                return await self.deps.audit.store.take_over()
            except AppError:  # the database is away
                await asyncio.sleep(RETRY_SECONDS)

    async def _recover_and_run(self) -> None:
        """In the background: HTTP answers meanwhile."""
        await self.graphql.load()
        await self._database.wait_until_available()
        while True:
            try:
                await self.deps.audit.store.retain(self._retention_days)
                await recover(self.deps)
                await warn_of_foreign_keys(self.deps)
                await self.deps.authentication.is_on()  # the reach of servers goes by it
                self._has_recovered.set()
                await self._replica.own()
            except AppError as error:
                log.warning("Start-up was interrupted: %s Trying again.", error.message)
                await asyncio.sleep(RETRY_SECONDS)


def _log_failure(task: asyncio.Task[None]) -> None:
    """A background task that fails must not do so unnoticed."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("The background task %r failed.", task.get_name(), exc_info=error)


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse("/graphql")
