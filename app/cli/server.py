"""The serving process: the event loop, the HTTP server, the logs and the banner."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import uvicorn
import uvloop
from starlette.applications import Starlette

from app.cli.http_protocol import BoundedHttp
from app.cli.http_server import HttpServer
from app.cli.logs import configure_logging
from app.cli.machine import CannotStart, address_file
from app.domain.errors import AppError
from app.domain.install_on_start import parse_install_on_start
from app.domain.package import InstallRequest
from app.main import create_app
from app.mongo.database import BadDatabaseUri
from app.mongo.embedded import EmbeddedMongo, EmbeddedMongoFailed
from app.mongo.process import MongodProcess
from app.parts import Machine
from app.processes.guard import Guard
from app.services.install import check_request
from app.settings import Settings, is_loopback
from app.vault.keys import KeySource

# Garbage in circles is rare here, and looking for it stops everything: less often than by default.
GC_THRESHOLDS = (20_000, 20, 20)
# After the requests only connections are left whose clients do not read.
LINGER_SECONDS = 1


def serve(
    *,
    settings: Settings,
    folder: Path,
    guard: Guard,
    keys: Sequence[KeySource],
    admin_token: str | None,
    mongod: MongodProcess | None,
    listener: socket.socket,
) -> None:
    """Serve until a signal says stop; then end everything."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(
            _serve(
                Machine(
                    settings=settings,
                    data_dir=folder,
                    guard=guard,
                    keys=keys,
                    admin_token=admin_token,
                    mongod=None if mongod is None else EmbeddedMongo(mongod),
                    install_on_start=_install_on_start(settings),
                ),
                listener,
            )
        )


async def _serve(machine: Machine, listener: socket.socket) -> None:
    try:
        app = create_app(machine)
        configure_logging(machine.settings.log_level, app.state.deps.seen)
        if machine.mongod is not None:
            await machine.mongod.start()

        async def on_start() -> None:
            gc.set_threshold(*GC_THRESHOLDS)
            gc.enable()
            gc.freeze()
            is_on = await _is_authentication_on(app)
            click.echo(_banner(machine, listener, is_on=is_on))

        with _told_address(machine, listener):
            await HttpServer(_config(app, machine.settings), on_start).serve([listener])
    except (BadDatabaseUri, EmbeddedMongoFailed) as problem:
        raise CannotStart(str(problem)) from None
    finally:
        if machine.mongod is not None:
            await machine.mongod.stop()


async def _is_authentication_on(app: Starlette) -> bool:
    """Whether callers must prove who they are; so they must while that is not known."""
    try:
        is_on: bool = await app.state.deps.authentication.is_on()
    except AppError:
        return True
    return is_on


def _install_on_start(settings: Settings) -> Sequence[InstallRequest]:
    try:
        wanted = parse_install_on_start(settings.install_on_start)
        for request in wanted:
            check_request(request)
    except AppError as error:
        raise CannotStart(error.sentence()) from None
    return wanted


def _config(app: Starlette, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
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


@contextlib.contextmanager
def _told_address(machine: Machine, listener: socket.socket) -> Iterator[None]:
    """Commands on the same data folder find the product meanwhile; an old address is replaced."""
    path = address_file(machine.data_dir)
    base = _base(listener, machine.settings)
    base = base.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    path.write_text(base, encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _base(listener: socket.socket, settings: Settings) -> str:
    scheme = "http" if settings.tls_cert_file is None else "https"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _banner(machine: Machine, listener: socket.socket, *, is_on: bool) -> str:
    base = _base(listener, machine.settings)
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
    lines = [f"  {name + ':':<16}{value}" for name, value in rows.items()]
    return "\n".join(["MCP API is ready.", *lines, "Press Ctrl-C to stop."])
