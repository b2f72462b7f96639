"""OpenAPI documents of tools: an operation each, with the tool's input schema as its body's."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from app import __version__
from app.domain.schema_cost import REFERENCES, schema_cost
from app.domain.server import Server
from app.domain.tool import Tool
from app.domain.tool_names import join_tool_name
from app.edge.strict_json import measure_json
from app.rest.openapi.parts import SECURITY, SECURITY_SCHEMES

MAX_ID = 64
DOCUMENT = "openapi.json"
MAX_SCHEMA_DEPTH = 100
_OF_A_WHOLE_SCHEMA = frozenset(("$schema", "$id", "id"))
# Names, not keywords, are the keys of these.
_BY_NAME = frozenset(
    ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
)
# Values, not schemas: a `$ref` in them refers to nothing.
_DATA = frozenset(("const", "enum", "default", "example", "examples"))
_NO_RULES: Final = {"type": "object"}
_FAILURE: Final = {
    "type": "object",
    "required": ["success", "error", "code"],
    "properties": {
        "success": {"const": False},
        "error": {"type": "string", "description": "What happened, and what to do about it."},
        "code": {"type": "string"},
    },
}


def build_tools_document(
    tools: Sequence[tuple[Server, Tool]], server_name: str | None
) -> dict[str, Any]:
    """The document of one server's tools, or of all.

    Paths are relative to the address that the document is beside: `/tools/<server>` or `/tools`.
    """
    schemas: dict[str, Any] = {"Failure": _FAILURE}
    paths = {}
    for server, tool in tools:
        if tool.name == DOCUMENT:  # the document has that path, and answers to GET only
            continue
        steps = [tool.name] if server_name is not None else [server.name, tool.name]
        path = "".join(f"/{quote(step, safe='')}" for step in steps)
        paths[path] = {"post": _operation(server, tool, schemas)}
    base = "/tools" if server_name is None else f"/tools/{quote(server_name, safe='')}"
    return {
        "openapi": "3.1.1",
        "info": {"title": server_name or "Tools", "version": __version__},
        "servers": [{"url": base}],
        "security": SECURITY,
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


def _operation(server: Server, tool: Tool, schemas: dict[str, Any]) -> Mapping[str, Any]:
    name = _operation_id(join_tool_name(server.name, tool.name))
    schemas[f"{name}.input"] = _placed(tool.input_schema, f"{name}.input")
    output: Mapping[str, Any] = {}
    if tool.output_schema is not None:
        schemas[f"{name}.output"] = _placed(tool.output_schema, f"{name}.output")
        output = {"$ref": f"#/components/schemas/{name}.output"}
    return {
        "operationId": name,
        "tags": [server.name],
        "summary": tool.title or tool.name,
        "description": tool.description or "",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": f"#/components/schemas/{name}.input"}}
            },
        },
        "responses": {
            "200": _response("What the tool answered.", output),
            "default": _response(
                "There is no answer, or the tool failed.", {"$ref": "#/components/schemas/Failure"}
            ),
        },
    }


def _response(description: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _operation_id(name: str) -> str:
    """A name that agents take for a function's: letters, digits, `_` and `-`, up to 64."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    if plain == name and len(plain) <= MAX_ID:
        return plain
    mark = sha256(name.encode()).hexdigest()[:8]
    return f"{plain[: MAX_ID - 9]}_{mark}"


def _placed(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The schema as a component: its references start at its own root, not at the document's.

    One that no client should trust (references to elsewhere, endless ones) says just: an object.
    """
    without = {key: value for key, value in schema.items() if key not in _OF_A_WHOLE_SCHEMA}
    if schema_cost(schema) is None or measure_json(without)[1] > MAX_SCHEMA_DEPTH:
        return _NO_RULES
    moved: dict[str, Any] = _moved(without, f"#/components/schemas/{name}")
    return moved


def _moved(node: Any, root: str) -> Any:
    if isinstance(node, list):
        return [_moved(part, root) for part in node]
    if not isinstance(node, dict):
        return node
    return {key: _moved_part(key, value, root) for key, value in node.items()}


def _moved_part(key: str, value: Any, root: str) -> Any:
    if key in _BY_NAME and isinstance(value, dict):
        return {name: _moved(schema, root) for name, schema in value.items()}
    if key in REFERENCES and isinstance(value, str):
        return root + value.removeprefix("#")
    return value if key in _DATA else _moved(value, root)
