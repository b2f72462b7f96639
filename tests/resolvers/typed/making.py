"""Typed schemas made in a test, without a server behind them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, print_schema, validate_schema
from graphql import build_schema as schema_of_text

from app.domain.tool import Tool
from app.domain.typed.names import type_words
from app.resolvers.schema import build_schema
from app.resolvers.typed.schema import typed_schema
from app.resolvers.typed.server_types import server_types
from app.resolvers.typed.shared import Shared
from app.services.tool_sets import ToolSet

Schema = Mapping[str, Any]


@cache
def shared() -> Shared:
    return Shared.of(build_schema()._schema)


def tool(name: str, arguments: object = None, output: object = None, **more: object) -> Tool:
    raw = {"name": name, "inputSchema": arguments, **more}
    return Tool(name, raw if output is None else {**raw, "outputSchema": output})


def schema_with(*tools: Tool, server: str = "s") -> GraphQLSchema:
    return schema_of({server: tools})


def schema_of(servers: Mapping[str, tuple[Tool, ...]]) -> GraphQLSchema:
    """The typed schema, which must be valid, and valid as text too."""
    words = type_words(servers)
    sets = [ToolSet(name, None, tools, b"") for name, tools in servers.items()]
    made = [server_types(s, words[s.server_name], shared()) for s in sets]
    schema = typed_schema(made, shared())
    schema._validation_errors = None  # it says that it need not be validated
    assert validate_schema(schema) == []
    assert validate_schema(schema_of_text(print_schema(schema))) == []
    return schema


def tool_field(schema: GraphQLSchema, field: str, server: str = "S") -> Any:
    kind = schema.type_map[f"{server}_Tools"]
    assert isinstance(kind, GraphQLObjectType)
    return kind.fields[field]


def type_text(schema: GraphQLSchema, name: str) -> str:
    """A type as text, without descriptions, on one line."""
    text = print_schema(schema)
    start = next(
        i for i in range(len(text))
        if any(text.startswith(f"{kind} {name} ", i) for kind in ("type", "input", "enum"))
    )  # fmt: skip
    lines = text[start : text.index("}", start) + 1].splitlines()
    return " ".join(line.strip() for line in lines if '"""' not in line)
