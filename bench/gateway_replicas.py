"""How long what one process is told takes to count in another, over one MongoDB.

The clock runs from the answer of the process that was told. The other is asked again and again,
each time when it has answered; a question that nothing has changed for is the baseline, the
least that can be seen.
"""

import asyncio
import contextlib
import functools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from app.mongo.embedded import socket_uri
from app.mongo.process import SOCKET_NAME, socket_folder
from bench.harness import Report, Sample, Sizes, interleave
from bench.launches import ROOT
from bench.product import started

BASELINE = "a question alone"
TRIES = 10
PATIENCE_SECONDS = 10.0
TOKEN = "the-admin-of-this-benchmark-0123456789"
CALL = {"serverName": "echo", "methodName": "echo", "args": {"text": "the caller's"}}
CREATE = """mutation { createToken(input: {name: "short"}) {
  ... on CreatedToken { text token { id } } } }"""
REVOKE = "mutation ($id: ID!) { revokeToken(input: {id: $id}) { __typename } }"
SWITCH = """mutation ($on: Boolean!) { updateServer(input: {serverName: "echo", enabled: $on}) {
  ... on Server { enabled } } }"""

_numbers = count()


async def run(sizes: Sizes) -> Report:
    """Milliseconds until the other process acts on it."""
    report = Report("gateway_replicas", sizes, "p50 ms", BASELINE)
    async with _two() as (here, there):
        ways: dict[str, Callable[[], Awaitable[float]]] = {
            BASELINE: functools.partial(_question, there),
            "revoked token": functools.partial(_revoked, here, there),
            "changed secret": functools.partial(_changed, here, there),
            "disabled server": functools.partial(_disabled, here, there),
        }
        tries = {name: functools.partial(_tried, way) for name, way in ways.items()}
        report.add(await interleave(tries, sizes.repetitions))
    return report


@dataclass(frozen=True, slots=True)
class _Process:
    """One of the two, asked over HTTP."""

    http: aiohttp.ClientSession
    address: str

    async def post(self, path: str, body: object, token: str = TOKEN) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.post(self.address + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def ask(self, query: str, **variables: object) -> Any:
        _, answer = await self.post("/graphql", {"query": query, "variables": variables})
        (value,) = answer["data"].values()
        return value


@contextlib.asynccontextmanager
async def _two() -> AsyncIterator[tuple[_Process, _Process]]:
    """A process with its mongod, and another one on the same."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        async with started(Path(one), ADMIN_TOKEN=TOKEN) as here:
            data_dir = Path(one, "data")
            shared = {
                "MONGODB_URI": socket_uri(socket_folder(data_dir) / SOCKET_NAME),
                "SECRETS_KEY_FILE": str(data_dir / "secrets.key"),
            }
            async with (
                started(Path(other), ADMIN_TOKEN=TOKEN, **shared) as there,
                aiohttp.ClientSession() as http,
            ):
                pair = _Process(http, here.address), _Process(http, there.address)
                script = str(ROOT / "bench" / "servers" / "stdio_echo.py")
                server = {"name": "echo", "command": sys.executable, "args": ["-S", script]}
                await pair[0].post("/mcp/servers", server | {"masksResults": False})
                await _until(functools.partial(_has_status, pair[1], 200))
                yield pair


async def _tried(way: Callable[[], Awaitable[float]]) -> Sample:
    seconds = [await way() for _ in range(TRIES)]
    return {"p50 ms": median(seconds) * 1e3, "longest ms": max(seconds) * 1e3}


async def _question(there: _Process) -> float:
    return await _until(functools.partial(_has_status, there, 200))


async def _revoked(here: _Process, there: _Process) -> float:
    made = await here.ask(CREATE)
    await _until(functools.partial(_has_status, there, 200, made["text"]))
    await here.ask(REVOKE, id=made["token"]["id"])
    return await _until(functools.partial(_has_status, there, 401, made["text"]))


async def _changed(here: _Process, there: _Process) -> float:
    value = f"value {next(_numbers)}"
    secret = {"serverName": "echo", "secretName": "text", "secretValue": value}
    await here.post("/secrets/set", secret)

    async def is_given() -> bool:
        _, answer = await there.post("/mcp/tool/call", CALL)
        return bool(answer["data"]["content"][0]["text"] == value)

    return await _until(is_given)


async def _disabled(here: _Process, there: _Process) -> float:
    await here.ask(SWITCH, on=False)
    seconds = await _until(functools.partial(_has_status, there, 409))
    await here.ask(SWITCH, on=True)
    await _until(functools.partial(_has_status, there, 200))
    return seconds


async def _has_status(there: _Process, status: int, token: str = TOKEN) -> bool:
    """Whether a call is answered so."""
    path = "/mcp/tool/call"
    return (await there.post(path, CALL, token))[0] == status


async def _until(is_so: Callable[[], Awaitable[bool]]) -> float:
    """How many seconds from now it is so."""
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_so():
            pass
    return time.perf_counter() - began
