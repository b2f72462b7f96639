"""Asking the endpoint of typed tools, and a server whose tools are in a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.product import Product, eventually
from tests.subjects import LISTED, records

TOOLS = "/graphql/tools"
SDL = "/graphql/tools/schema.graphql"


def ask(product: Product, query: str, **variables: object) -> dict[str, Any]:
    """The whole answer."""
    body = {"query": query, "variables": variables}
    answer: dict[str, Any] = product.rest("POST", TOOLS, body).json()
    return answer


def data(product: Product, query: str, **variables: object) -> Any:
    """The data of an answer without errors."""
    answer = ask(product, query, **variables)
    assert "errors" not in answer, answer
    return answer["data"]


def error_code(answer: dict[str, Any]) -> str:
    """The code of an answer's only error."""
    (error,) = answer["errors"]
    code: str = error["extensions"]["code"]
    return code


def fields(product: Product) -> dict[str, list[str]]:
    """The tool fields of every server field."""
    told = data(product, "{ toolServers { field tools { field } } }")["toolServers"]
    return {server["field"]: [tool["field"] for tool in server["tools"]] for server in told}


@dataclass(frozen=True, slots=True)
class Listed:
    """The server `listed`, in a product."""

    product: Product
    name: str
    file: Path
    record: Path

    def write(self, *tools: dict[str, Any], **structured: object) -> None:
        """What it lists from its next look at the file on."""
        self.file.write_bytes(orjson.dumps({"tools": tools, "structured": structured}))

    def add(self, **settings: object) -> None:
        """Add it, and wait until its tools are listed."""
        self.product.add_server(
            self.name, LISTED, str(self.file), str(self.record), **settings
        )  # fmt: skip
        eventually(lambda: self.name in fields(self.product))

    def reload(self) -> None:
        """Have it list what the file says now."""
        self.product.call(self.name, "reload")

    def calls(self) -> list[dict[str, Any]]:
        """What it was called with."""
        return [entry for entry in records(self.record) if "began" in entry]


def entry(name: str, properties: object = None, **more: Any) -> dict[str, Any]:
    """A tool as a server lists it."""
    required = more.pop("required", [])
    schema = {"type": "object", "properties": properties or {}, "required": required}
    return {"name": name, "inputSchema": schema, **more}
