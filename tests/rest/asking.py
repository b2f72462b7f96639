"""What several tests of the routes ask and compare."""

from hashlib import sha256
from typing import Any

import orjson

from tests.product import Product
from tests.subjects import FINGERPRINT

ARGS = ["-S", str(FINGERPRINT)]


def call_with(value: bytes) -> bytes:
    return b'{"serverName":"fp","methodName":"fingerprint","args":{"value":' + value + b"}}"


def one(product: Product, name: str) -> dict[str, Any]:
    answer = product.rest("GET", f"/mcp/servers/{name}").json()
    server: dict[str, Any] = answer["server"]
    return server


def listed_tools(product: Product) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = product.rest("GET", "/mcp/tools").json()["tools"]
    return tools


def received(product: Product, sent: dict[str, str], username: str | None) -> object:
    """The hashes of what reached the tool."""
    return orjson.loads(product.call_rest("fp", "fingerprint", sent, username))


def hashes(**values: str) -> dict[str, str]:
    return {name: sha256(value.encode()).hexdigest() for name, value in values.items()}


def calls_in_flight(product: Product) -> int:
    nodes = product.graphql("{ sessions { nodes { callsInFlight } } }")["nodes"]
    return sum(node["callsInFlight"] for node in nodes)
