"""The product with a server that does next to nothing: what a user's call costs altogether."""

import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.clients import WrongAnswer
from bench.harness import Call
from bench.launches import SERVERS
from bench.product import Product, started


@dataclass(frozen=True, slots=True)
class Echoing:
    """A running product on that data folder, with the servers `echo` and `unmasked`."""

    product: Product
    data_dir: Path
    http: aiohttp.ClientSession

    async def list_secrets(self, username: str) -> int:
        """How many of a user's secrets a page of a hundred lists."""
        query = "query ($u: String) { secrets(username: $u, first: 100) { nodes { name } } }"
        body = {"query": query, "variables": {"u": username}}
        async with self.http.post(f"{self.product.address}/graphql", json=body) as response:
            answer = await response.json()
        return len(answer["data"]["secrets"]["nodes"])

    def call(self, server: str, text: str, username: str) -> Call:
        """A tool call of that user, which echoes the text."""
        body = {
            "serverName": server, "methodName": "echo", "args": {"text": text},
            "username": username,
        }  # fmt: skip

        async def call() -> None:
            answer = await self.product.call(body)
            if answer != {"content": [{"type": "text", "text": text}], "isError": False}:
                raise WrongAnswer(str(answer)[:500])

        return call

    async def set_secret(self, server: str, name: str, value: str, username: str) -> None:
        """Store a secret."""
        body = {
            "serverName": server, "secretName": name, "secretValue": value, "username": username,
        }  # fmt: skip
        await self.product.rest("POST", "/secrets/set", body)


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[Echoing]:
    """A new product; `unmasked` is told to leave results as they are."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        product = await stack.enter_async_context(started(folder))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        found = Echoing(product, folder / "data", http)
        for name, is_masked in (("echo", True), ("unmasked", False)):
            body = {
                "name": name, "command": sys.executable, "masksResults": is_masked,
                "args": ["-S", str(SERVERS / "stdio_echo.py")],
            }  # fmt: skip
            await product.rest("POST", "/mcp/servers", body)
            await found.call(name, "hello", "nobody")()
        yield found
