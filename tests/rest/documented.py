"""Whether an answer is one that the OpenAPI document promises."""

from functools import cache
from typing import Any

import httpx
import jsonschema_rs
from starlette.routing import compile_path

from app.rest.openapi.document import build_document
from app.rest.operation import Operation
from app.rest.routes import OPERATIONS

PATTERNS = [(operation, compile_path(operation.path)[0]) for operation in OPERATIONS]


@cache
def document() -> dict[str, Any]:
    return build_document(OPERATIONS)


def described(operation_id: str) -> dict[str, Any]:
    """What the document says of an operation."""
    found: dict[str, Any] = next(
        described
        for path in document()["paths"].values()
        for described in path.values()
        if described["operationId"] == operation_id
    )
    return found


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """The validator of a component."""
    reference = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return jsonschema_rs.validator_for(reference)


def fits(schema: dict[str, Any], value: object) -> bool:
    if "$ref" in schema:
        return validator(schema["$ref"].rpartition("/")[2]).is_valid(value)
    return jsonschema_rs.is_valid(schema, value)


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that answers, as the router chooses it: the first that fits."""
    return next((o for o, p in PATTERNS if o.method == method and p.match(path)), None)


def check_answer(response: httpx.Response) -> None:
    """Fail on an answer to a documented operation that the document does not promise."""
    request = response.request
    operation = operation_of(request.method, request.url.path)
    if operation is None:
        return
    said = described(operation.id)["responses"].get(str(response.status_code))
    assert said is not None, f"{operation.id}: {response.status_code} is not documented"
    response.read()
    if response.status_code == 304:
        assert response.content == b""
        return
    kind = response.headers["content-type"].partition(";")[0]
    assert kind in said["content"], f"{operation.id}: {kind} is not documented"
    if kind == "application/json":
        answer = response.json()
        assert fits(said["content"][kind]["schema"], answer), (operation.id, answer)
        if "x-codes" in said:
            assert answer["code"] in said["x-codes"], (operation.id, answer)
