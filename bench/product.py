"""The product in a process of its own, with a real server installed and secrets set."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from bench.launches import EVERYTHING, EVERYTHING_VERSION, ROOT

SERVER = "everything"
SECRETS = ("first", "second")
START_SECONDS = 60.0
# Settings of the shell that would change what is measured.
OWN_SETTINGS = re.compile(
    r"HOST|PORT|WORKERS|DATA_DIR|LOG_LEVEL|(?:MONGO|SECRETS|ADMIN|OIDC|LIMIT).*"
)


class Product:
    """A running product: where it is, its process, and a client for what prepares a benchmark."""

    def __init__(self, process: Process, address: str, http: aiohttp.ClientSession) -> None:
        self.process = process
        self.address = address
        self._http = http

    async def rest(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The answer to a request that has to succeed.

        Raises:
            RuntimeError: It did not.
        """
        async with self._http.request(method, self.address + path, json=body) as response:
            answer: dict[str, Any] = await response.json()
        if not answer.get("success"):
            raise RuntimeError(f"{method} {path}: {answer}")
        return answer

    async def set_secrets(self, username: str | None = None, server: str = SERVER) -> None:
        """Give a user both secrets for the server."""
        user = {} if username is None else {"username": username}
        for name in SECRETS:
            body = {"serverName": server, "secretName": name, "secretValue": f"value of {name}"}
            await self.rest("POST", "/secrets/set", body | user)

    async def call(self, body: Mapping[str, object]) -> dict[str, Any]:
        """The result of one tool call over REST."""
        data: dict[str, Any] = (await self.rest("POST", "/mcp/tool/call", body))["data"]
        return data


@contextlib.asynccontextmanager
async def started(folder: Path, **settings: str) -> AsyncIterator[Product]:
    """The product on that data folder, from its banner to its end.

    Raises:
        RuntimeError: It did not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "serve",
        cwd=folder, env=environment(folder, **settings),
        stdin=DEVNULL, stdout=PIPE,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http:
            yield Product(process, await _address(process), http)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.wait()


@contextlib.asynccontextmanager
async def prepared(**settings: str) -> AsyncIterator[Product]:
    """The product with server-everything installed and two secrets of the default user."""
    with tempfile.TemporaryDirectory() as folder:
        async with started(Path(folder), **settings) as product:
            await product.rest(
                "POST",
                "/packages/install",
                {"name": EVERYTHING, "version": EVERYTHING_VERSION, "serverName": SERVER},
            )
            await product.set_secrets()
            yield product


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a product on that data folder."""
    kept = {name: value for name, value in os.environ.items() if not OWN_SETTINGS.fullmatch(name)}
    own = {"PYTHONPATH": str(ROOT), "PORT": "0", "LOG_LEVEL": "WARNING"}
    return {**kept, **own, "DATA_DIR": str(folder / "data"), **settings}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _address(process: Process) -> str:
    if process.stdout is None:
        raise RuntimeError("the product has no output")
    async with asyncio.timeout(START_SECONDS):
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"REST:\s+(http://\S+[^/\s])/?\s", line):
                return found[1]
    raise RuntimeError("the product did not start")
