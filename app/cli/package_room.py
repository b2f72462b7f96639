"""Where commands on packages work: through the product that runs on this data folder, or alone."""

import contextlib
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from starlette.requests import Request

from app.cli.address import address_file
from app.cli.logs import configure_logging
from app.cli.machine import (
    DataDirInUse,
    prepare_data_dir,
    read_instance,
    read_keys,
    start_guard,
    start_mongod,
)
from app.cli.package_client import (
    CONNECT_SECONDS,
    HttpProduct,
    PackageClient,
    PackageProblem,
)
from app.domain.principal import local_principal
from app.main import open_engines
from app.mongo.embedded import EmbeddedMongo
from app.parts import Machine
from app.resolvers.context import Context
from app.resolvers.engine.engine import Engine
from app.resolvers.schema import build_engine
from app.services.deps import Deps
from app.settings import Settings

TOKEN = "MCP_API_TOKEN"


class LocalProduct:
    """The product in this process, without its doors; whoever has the data folder is an admin."""

    def __init__(self, engine: Engine, deps: Deps) -> None:
        self._engine, self._deps = engine, deps

    async def ask(self, query: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
        """The whole answer: `data` and `errors`."""
        result = await self._engine.execute(
            query, variable_values=dict(variables), context_value=self._context()
        )
        errors = [error.formatted for error in result.errors or ()]
        return {"data": result.data, "errors": errors}

    async def follow(
        self, query: str, variables: Mapping[str, object]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The answers of a subscription."""
        answers = await self._engine.stream(
            query, variable_values=dict(variables), context_value=self._context()
        )
        async for answer in answers:
            yield {"data": answer.data}

    def _context(self) -> Context:
        caller = local_principal()
        nobody: Any = Request({"type": "http", "headers": []})
        return Context(
            deps=self._deps,
            principal=caller,
            request=nobody,
        )


@contextlib.asynccontextmanager
async def open_package_room(settings: Settings) -> AsyncIterator[PackageClient]:
    """A client of the product that runs on this data folder, or of one for this command.

    Raises:
        PackageProblem: The one that runs cannot be reached.
        CannotStart: There is none, and one cannot be started.
        KeyProblem: A key cannot be used.
        AppError: DATABASE_UNAVAILABLE.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            folder, lock = prepare_data_dir(settings)
        except DataDirInUse:
            yield PackageClient(await stack.enter_async_context(_running(settings)))
            return
        stack.enter_context(lock)
        yield PackageClient(await _alone(settings, folder, stack))


@contextlib.asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[HttpProduct]:
    try:
        address = address_file(settings.data_dir.absolute()).read_text(encoding="utf-8").strip()
    except OSError:
        raise PackageProblem(
            "The product that uses this data folder is starting or ending; try again in a moment."
        ) from None
    token = os.environ.get(TOKEN)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    connector = aiohttp.TCPConnector(ssl=_own_certificate(settings))
    async with aiohttp.ClientSession(
        timeout=timeout, headers=headers, connector=connector
    ) as session:
        yield HttpProduct(address, session)


def _own_certificate(settings: Settings) -> ssl.SSLContext | bool:
    """Trust in the product's own certificate and no other, whatever name it is for."""
    if settings.tls_cert_file is None:
        return True
    context = ssl.create_default_context(cafile=settings.tls_cert_file)
    context.check_hostname = False  # it is reached at its address on this machine
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


async def _alone(
    settings: Settings, folder: Path, stack: contextlib.AsyncExitStack
) -> LocalProduct:
    guard = start_guard(read_instance(folder))
    stack.callback(guard.stop)
    keys = read_keys(settings, folder)
    process = start_mongod(settings, folder, guard)
    mongod = None if process is None else EmbeddedMongo(process)
    machine = Machine(
        settings=settings,
        data_dir=folder,
        guard=guard,
        keys=keys,
        admin_token=None,  # nobody calls from outside
        mongod=mongod,
    )
    if mongod is not None:
        stack.push_async_callback(mongod.stop)
        await mongod.start()
    deps = await stack.enter_async_context(open_engines(machine))
    configure_logging("ERROR", deps.seen)
    return LocalProduct(build_engine(), deps)
