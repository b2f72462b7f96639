"""How an operation can fail, as responses of the document: every status, every code."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from app.domain.errors import ErrorCode
from app.edge.status import HTTP_STATUS
from app.rest.openapi.parts import headers
from app.rest.operation import Operation

BY_A_CALLER = (
    ErrorCode.UNAUTHENTICATED,
    ErrorCode.FORBIDDEN,
    ErrorCode.RATE_LIMITED,
    ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE,
)
ANY_REQUEST = (
    ErrorCode.HOST_NOT_ALLOWED,
    ErrorCode.ORIGIN_NOT_ALLOWED,
    ErrorCode.INVALID_INPUT,
    ErrorCode.DATABASE_UNAVAILABLE,
    ErrorCode.SHUTTING_DOWN,
    ErrorCode.INTERNAL,
)
WITH_A_PLACE = (ErrorCode.ROUTE_NOT_FOUND,)
NOT_BY_GET = (
    ErrorCode.PAYLOAD_TOO_LARGE,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.REQUEST_TIMEOUT,
)
KEPT = (ErrorCode.CONFLICT,)
WORDS: Mapping[int, str] = {
    400: "The request makes no sense, or names a parameter or a field that is not documented.",
    401: "Nobody knows who is calling.",
    403: "The caller may not do this.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "It does not go with what is there.",
    413: "The body is too large.",
    415: "The body is not declared as JSON, or is compressed.",
    429: "Too many requests.",
    500: "A bug; the log has it under the reference given.",
    502: "An MCP server or a registry failed.",
    503: "Not now; try again.",
    504: "The tool did not answer in time.",
}


def failure_codes(operation: Operation) -> list[ErrorCode]:
    """Every code that the operation can fail with."""
    codes = [*ANY_REQUEST, *operation.errors]
    codes += () if operation.is_public else BY_A_CALLER
    codes += WITH_A_PLACE if "{" in operation.path else ()
    codes += () if operation.method == "GET" else NOT_BY_GET
    codes += KEPT if operation.again is not None else ()
    return [code for code in ErrorCode if code in codes]


def failure_responses(
    operation: Operation, schema: Mapping[str, Any], examples: Mapping[str, Any]
) -> dict[str, Any]:
    """The responses of an operation's failures by status, examples by code."""
    by_status: defaultdict[int, list[ErrorCode]] = defaultdict(list)
    for code in failure_codes(operation):
        by_status[HTTP_STATUS[code]].append(code)
    return {str(s): _response(s, by_status[s], schema, examples) for s in sorted(by_status)}


def _response(
    status: int, codes: list[ErrorCode], schema: Mapping[str, Any], examples: Mapping[str, Any]
) -> dict[str, Any]:
    listed = ", ".join(f"`{code}`" for code in codes)
    shown = {code.value: {"value": examples[code]} for code in codes if code in examples}
    content = {"schema": schema, **({"examples": shown} if shown else {})}
    response = {
        "description": f"{WORDS[status]} {listed}",
        "content": {"application/json": content},
        "x-codes": [code.value for code in codes],
    }
    retry = ("Retry-After",) if status in (429, 503) else ()
    return {**response, "headers": headers("X-Request-Id", *retry)}
