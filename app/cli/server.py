"""The serving process: the event loop, the HTTP server, the logs and the banner."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Awaitable, Callable, Sequence

import click
import uvicorn
import uvloop

from app.cli.address import base_address, told_address
from app.cli.holdings import Holdings
from app.cli.http_protocol import BoundedHttp
from app.cli.http_server import HttpServer
from app.cli.logs import configure_logging
from app.cli.machine import CannotStart
from app.domain.errors import AppError
from app.domain.install_on_start import parse_install_on_start
from app.domain.package import InstallRequest
from app.main import Application, create_app
from app.mongo.database import BadDatabaseUri
from app.mongo.embedded import EmbeddedMongo, EmbeddedMongoFailed
from app.parts import Machine
from app.services.install import check_request
from app.settings import Settings, is_loopback

# Garbage in circles is rare here, and looking for it stops everything: less often than by default.
GC_THRESHOLDS = (20_000, 20, 20)
# After the requests only connections are left whose clients do not read.
LINGER_SECONDS = 1

Tell = Callable[[str], None]
Make = Callable[[uvicorn.Config, Callable[[], Awaitable[None]]], HttpServer]


def serve(held: Holdings) -> None:
    """Serve in this process until a signal says stop; then end everything."""
    machine = Machine(
        settings=held.settings,
        data_dir=held.folder,
        guard=held.guard,
        keys=held.keys,
        admin_token=held.admin_token,
        install_on_start=wanted_installs(held.settings),
        mongod=None if held.mongod is None else EmbeddedMongo(held.mongod),
    )

    async def work() -> None:
        with contextlib.ExitStack() as stack:

            def tell(banner: str) -> None:
                stack.enter_context(told_address(held.folder, held.listener, held.settings))
                click.echo(banner)

            await serve_until_stopped(machine, held.listener, tell)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


async def serve_until_stopped(
    machine: Machine, listener: socket.socket, tell: Tell, make: Make = HttpServer
) -> None:
    """Serve until a signal says stop; then end everything.

    `tell` is given the banner, `make` makes the server.

    Raises:
        CannotStart: For a reason that an operator can mend.
    """
    try:
        app = create_app(machine)
        settings = machine.settings
        worker = machine.worker if settings.workers > 1 else None
        configure_logging(settings.log_level, app.deps.seen, worker)
        if machine.mongod is not None:
            await machine.mongod.start()

        async def on_start() -> None:
            gc.set_threshold(*GC_THRESHOLDS)
            gc.enable()
            gc.freeze()
            is_on = await _is_authentication_on(app)
            tell(_banner(machine, listener, is_on=is_on))

        await make(_config(app, settings), on_start).serve([listener])
    except (BadDatabaseUri, EmbeddedMongoFailed) as problem:
        raise CannotStart(str(problem)) from None
    finally:
        if machine.mongod is not None:
            await machine.mongod.stop()


async def _is_authentication_on(app: Application) -> bool:
    """Whether callers must prove who they are; so they must while that is not known."""
    try:
        return await app.deps.authentication.is_on()
    except AppError:
        return True


def wanted_installs(settings: Settings) -> Sequence[InstallRequest]:
    """What INSTALL_ON_START asks for.

    Raises:
        CannotStart: It makes no sense.
    """
    try:
        wanted = parse_install_on_start(settings.install_on_start)
        for request in wanted:
            check_request(request)
    except AppError as error:
        raise CannotStart(error.sentence()) from None
    return wanted


def _config(app: Application, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",  # uvicorn would look for `async def`
        http=BoundedHttp,
        ws="websockets-sansio",
        ws_max_size=settings.payload_limit,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[*settings.trusted_proxies],
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
        timeout_graceful_shutdown=LINGER_SECONDS,
    )


def _banner(machine: Machine, listener: socket.socket, *, is_on: bool) -> str:
    base = base_address(listener, machine.settings)
    database = "embedded MongoDB" if machine.mongod is not None else "your MongoDB"
    authentication = "off; only this machine can connect"
    if is_on:
        authentication = "on; every request needs a bearer token"
    elif not is_loopback(machine.settings.host):
        authentication = "OFF, AND THE NETWORK IS LET IN (ALLOW_UNAUTHENTICATED_NETWORK)"
    rows = {
        "GraphiQL": f"{base}/graphql",
        "REST": f"{base}/",
        "MCP": f"{base}/mcp",
        "Data": str(machine.data_dir),
        "Database": database,
        "Authentication": authentication,
    }
    if machine.settings.workers > 1:
        rows["Workers"] = f"{machine.settings.workers} processes"
    lines = [f"  {name + ':':<16}{value}" for name, value in rows.items()]
    return "\n".join(["MCP API is ready.", *lines, "Press Ctrl-C to stop."])
