"""The product in a process of its own, spoken to over HTTP: what a user's call costs altogether."""

import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.clients import WrongAnswer
from bench.harness import Call
from bench.launches import SERVERS
from tests.product import Product


@dataclass(frozen=True, slots=True)
class Served:
    """A running product, and a client of it."""

    product: Product
    http: aiohttp.ClientSession

    async def post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """The answer, which has to tell of success."""
        async with self.http.post(path, json=body) as response:
            answer: dict[str, object] = await response.json()
        if answer.get("success") is not True:
            raise WrongAnswer(str(answer)[:500])
        return answer

    async def list_secrets(self, username: str) -> int:
        """How many of a user's secrets a page of a hundred lists."""
        query = "query ($u: String) { secrets(username: $u, first: 100) { nodes { name } } }"
        body = {"query": query, "variables": {"u": username}}
        async with self.http.post("/graphql", json=body) as response:
            answer = await response.json()
        return len(answer["data"]["secrets"]["nodes"])

    def call(self, server: str, text: str, username: str) -> Call:
        """A tool call of that user, which echoes the text."""
        body = {
            "serverName": server, "methodName": "echo", "args": {"text": text},
            "username": username,
        }  # fmt: skip

        async def call() -> None:
            answer = await self.post("/mcp/tool/call", body)
            if answer["data"] != {"content": [{"type": "text", "text": text}], "isError": False}:
                raise WrongAnswer(str(answer)[:500])

        return call

    async def set_secret(self, server: str, name: str, value: str, username: str) -> None:
        """Store a secret."""
        body = {
            "serverName": server, "secretName": name, "secretValue": value, "username": username,
        }  # fmt: skip
        await self.post("/secrets/set", body)


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[Served]:
    """A new product with the servers `echo` and `unmasked`, which do next to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder), LOG_LEVEL="WARNING").start()
        try:
            async with aiohttp.ClientSession(product.address) as http:
                found = Served(product, http)
                for name, is_masked in (("echo", True), ("unmasked", False)):
                    body = {
                        "name": name, "command": sys.executable, "masksResults": is_masked,
                        "args": ["-S", str(SERVERS / "stdio_echo.py")],
                    }  # fmt: skip
                    await found.post("/mcp/servers", body)
                    await found.call(name, "hello", "nobody")()
                yield found
        finally:
            product.stop()
