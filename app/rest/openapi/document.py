"""The whole document (OpenAPI 3.1.1)."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic.alias_generators import to_camel

from app import __version__
from app.rest.answers import Failure
from app.rest.openapi.failures import failure_responses
from app.rest.openapi.parts import (
    EVENT_STREAM,
    HEADERS,
    PARAMETERS,
    PATH_PARAMETERS,
    SECURITY,
    SECURITY_SCHEMES,
    TAGS,
    headers,
    tag_of,
)
from app.rest.openapi.schemas import Schemas
from app.rest.operation import Operation

EXAMPLES = Path(__file__).with_name("examples.json")
DESCRIPTION = (
    "Many users, many MCP servers, one HTTP door. Every success is `{success: true, …}`, every "
    "failure `{success: false, error, code}`. A parameter or a field that is not documented is "
    "refused (400), as is a compressed body (415). Each tool has a route of its own, too: see "
    "`/tools/openapi.json`."
)
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")


@cache
def examples() -> Mapping[str, Any]:
    """Requests and answers as they were, by operation; and failures, by code."""
    recorded: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())
    return recorded


def build_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The document of these operations."""
    schemas = Schemas(operations, Failure)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = _PLACE.sub(lambda match: f"{{{to_camel(match[1])}}}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _describe(operation, schemas)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "MCP API",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server."}],
        "tags": TAGS,
        "security": SECURITY,
        "paths": paths,
        "components": {
            "schemas": schemas.all(),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _describe(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    recorded = examples().get(operation.id, {})
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [tag_of(operation.path)],
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "parameters": _parameters(operation, schemas),
        "responses": {
            **_successes(operation, schemas, recorded),
            **failure_responses(operation, schemas.of(Failure), examples()["failures"]),
        },
    }
    if operation.is_public:
        described["security"] = []
    if operation.body is not None:
        content: dict[str, Any] = {"schema": schemas.of(operation.body)}
        if "request" in recorded:
            content["example"] = recorded["request"]
        described["requestBody"] = {
            "required": operation.is_body_required,
            "content": {"application/json": content},
        }
    return described


def _parameters(operation: Operation, schemas: Schemas) -> list[Mapping[str, Any]]:
    names = _PLACE.findall(operation.path)
    found = [PATH_PARAMETERS[name] for name in names]
    if operation.query is not None:
        properties, required = schemas.properties(operation.query)
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in properties.items()
        ]
    if operation.method == "GET":
        found.append({"$ref": "#/components/parameters/If-None-Match"})
    if operation.again is not None:
        found.append({"$ref": "#/components/parameters/Idempotency-Key"})
    return found


def _successes(
    operation: Operation, schemas: Schemas, recorded: Mapping[str, Any]
) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schemas.of(operation.answer)}
    if "answer" in recorded:
        content["example"] = recorded["answer"]
    success: dict[str, Any] = {
        "description": "It worked.",
        "content": {"application/json": content},
    }
    if operation.has_events:
        success["content"]["text/event-stream"] = EVENT_STREAM
    replayed = ("Idempotency-Replayed",) if operation.again is not None else ()
    if operation.method != "GET":
        return {"200": {**success, "headers": headers("X-Request-Id", *replayed)}}
    of_get = headers("X-Request-Id", "ETag")
    unchanged = {
        "description": "It is what the client has already (`If-None-Match`).",
        "headers": of_get,
    }
    return {"200": {**success, "headers": of_get}, "304": unchanged}
