"""`mcp-api serve`."""

import gc
import socket
import sys
from pathlib import Path

import click

from app.cli.holdings import Holdings
from app.cli.machine import (
    CannotStart,
    prepare_data_dir,
    read_admin_token,
    read_instance,
    read_keys,
    read_settings,
    start_guard,
    start_mongod,
)
from app.cli.tls import check_tls
from app.mongo.binary import NoMongod
from app.processes.worker_files import gather_leftovers
from app.resolvers.engine.trusted import NoTrustedDocuments
from app.settings import Settings
from app.vault.passphrase import KeyProblem


def run(workers: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM; exit with 1 and one sentence when that is not possible."""
    # Start-up makes a million objects that stay: collecting garbage meanwhile finds none.
    gc.disable()
    try:
        settings = read_settings(workers)
        folder, lock = prepare_data_dir(settings)
        with lock:
            _run(settings, folder)
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl-C before there was anything to end
    except (CannotStart, KeyProblem, NoMongod, NoTrustedDocuments, PermissionError) as problem:
        click.echo(f"mcp-api: {problem}", err=True)
        sys.exit(1)


def _run(settings: Settings, folder: Path) -> None:
    check_tls(settings)
    listener = _listen(settings)
    keys, admin_token = read_keys(settings, folder), read_admin_token(settings)
    guard = start_guard(read_instance(folder))
    gather_leftovers(folder)
    begin = _serve_alone if settings.workers == 1 else _serve_with_workers
    try:
        # mongod starts while the rest is being imported, which takes about as long.
        mongod = start_mongod(settings, folder, guard)
        begin(
            Holdings(
                settings=settings,
                folder=folder,
                guard=guard,
                keys=keys,
                admin_token=admin_token,
                mongod=mongod,
                listener=listener,
            )
        )
    finally:
        guard.stop()
        listener.close()


def _serve_alone(held: Holdings) -> None:
    from app.cli.server import serve  # noqa: PLC0415 - late on purpose, see above

    serve(held)


def _serve_with_workers(held: Holdings) -> None:
    from app.cli.crew import serve_with_workers  # noqa: PLC0415 - not needed otherwise

    serve_with_workers(held)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Choose another port with PORT."
        ) from None
    return listener
