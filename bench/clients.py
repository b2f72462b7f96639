"""The contestants: our sessions, our bare wires, and the SDK's clients."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, TextIO, cast
from uuid import uuid4

from mcp.client import Transport
from mcp.client.client import Client
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.dispatcher import CallOptions
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher

from app.domain.launch import HttpLaunch, Launch, StdioLaunch
from app.domain.seen_secrets import RecentSecrets
from app.domain.session import SessionKey, SessionPlan
from app.domain.tool import Tool
from app.processes.guard import Guard
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.sessions.era import Stamp
from app.sessions.http import HttpWire
from app.sessions.http_pool import HttpPool
from app.sessions.registry import SessionRegistry
from app.sessions.slots import SessionLimits
from app.sessions.stdio import StdioWire
from app.sessions.wire import Wire
from bench.harness import Call

TEXT = "hello, world"
ARGUMENTS: dict[str, Any] = {"text": TEXT}
PARAMS: Mapping[str, Any] = {"name": "echo", "arguments": ARGUMENTS}


class WrongAnswer(Exception):
    """A server did not echo: whatever was measured, it was not a call."""


def plan(launch: Launch, *, server_name: str = "s", owner: str | None = None) -> SessionPlan:
    """The plan of a session, as the services make it."""
    return SessionPlan(key=SessionKey(server_name, "r", owner), launch=launch)


@contextlib.contextmanager
def our_spawner() -> Iterator[Spawner]:
    """What starts children that end with this process."""
    guard = Guard(uuid4().hex)
    guard.start()
    try:
        yield Spawner(guard)
    finally:
        guard.stop()


@contextlib.asynccontextmanager
async def our_registry() -> AsyncIterator[SessionRegistry]:
    """A registry as the product has it, with room for what the benchmarks do."""
    with our_spawner() as spawner:
        registry = SessionRegistry(
            spawner=spawner,
            files=_files(),
            seen=RecentSecrets(),
            on_tools=_nothing,
            limits=SessionLimits(total=10_000, per_server=10_000),
        )
        try:
            yield registry
        finally:
            await registry.close()


@contextlib.asynccontextmanager
async def registry_call(registry: SessionRegistry, wanted: SessionPlan) -> AsyncIterator[Call]:
    """A call as the services make it: find the session, hold it, call."""

    async def call() -> None:
        async with registry.use(wanted) as session:
            check(await session.call_tool("echo", ARGUMENTS))

    async with registry.use(wanted):
        pass
    yield call


@contextlib.asynccontextmanager
async def wire_call(launch: Launch) -> AsyncIterator[Call]:
    """A raw request over our bare transport."""
    async with contextlib.AsyncExitStack() as stack:
        wire: Wire
        if isinstance(launch, StdioLaunch):
            spawner = stack.enter_context(our_spawner())
            wire = StdioWire(launch, spawner=spawner, files=_files(), on_stderr=_ignore)
        else:
            pool = HttpPool()
            stack.push_async_callback(pool.close)
            wire = HttpWire(pool, launch)
        stack.push_async_callback(wire.end, grace_seconds=2.0)
        await wire.open()
        client = await stack.enter_async_context(ClientSession(dispatcher=wire))
        stamp = Stamp(await _agreed(client, launch), None)
        params = stamp.params(PARAMS)
        options: CallOptions = {"headers": stamp.headers("tools/call", PARAMS, None)}

        async def call() -> None:
            check(await wire.send_raw_request("tools/call", params, options))

        yield call


@contextlib.asynccontextmanager
async def sdk_client(launch: Launch) -> AsyncIterator[Client]:
    """The SDK's client of its own transport, in the era that our side agrees on as well."""
    if isinstance(launch, HttpLaunch):
        async with Client(launch.url, mode="auto") as client:
            yield client
        return
    async with Client(quiet_stdio(launch), mode="legacy") as client:
        yield client


@contextlib.asynccontextmanager
async def sdk_call(launch: Launch) -> AsyncIterator[Call]:
    """`Client.call_tool`, as the SDK is meant to be used."""
    async with sdk_client(launch) as client:

        async def call() -> None:
            result = await client.call_tool("echo", ARGUMENTS)
            if getattr(result.content[0], "text", None) != TEXT:
                raise WrongAnswer(str(result))

        yield call


@contextlib.asynccontextmanager
async def sdk_wire_call(launch: StdioLaunch) -> AsyncIterator[Call]:
    """A raw request over the SDK's own stdio transport: no typed results, as on our wire."""
    async with quiet_stdio(launch) as streams:
        dispatcher = JSONRPCDispatcher(*streams)
        async with ClientSession(dispatcher=dispatcher) as client:
            await client.initialize()

            async def call() -> None:
                check(await dispatcher.send_raw_request("tools/call", PARAMS))

            yield call


def quiet_stdio(launch: StdioLaunch) -> Transport:
    """The SDK's own stdio transport; what the server says on stderr goes nowhere."""
    parameters = StdioServerParameters(command=launch.command, args=[*launch.args])
    # Handed on to anyio as it is. A file for each client would count as its memory.
    return stdio_client(parameters, errlog=cast("TextIO", DEVNULL))


def check(result: Mapping[str, Any]) -> None:
    """Nothing if the raw result is the echo.

    Raises:
        WrongAnswer: It is not.
    """
    if result["content"][0]["text"] != TEXT:
        raise WrongAnswer(str(result))


async def _agreed(client: ClientSession, launch: Launch) -> str:
    if isinstance(launch, HttpLaunch):
        with contextlib.suppress(Exception):
            await client.discover()
            return client.protocol_version or ""
    await client.initialize()
    return client.protocol_version or ""


async def _nothing(_name: str, _revision: str, _tools: Sequence[Tool]) -> None:
    """Listings are not kept."""


def _ignore(_line: str) -> None:
    """Nor are lines on stderr."""


def _files() -> PrivateFiles:
    """Where files of secrets would be; benchmarks have none."""
    return PrivateFiles(Path(tempfile.gettempdir(), uuid4().hex))
