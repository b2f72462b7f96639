"""The JSON shape of every failure outside GraphQL: `{success: false, error, code}`."""

from collections.abc import Mapping
from math import ceil

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.domain.errors import AppError, ErrorCode
from app.edge.at_once import at_once_of
from app.edge.status import HTTP_STATUS

# GraphQL over HTTP (Stage 2 draft), section 6.
GRAPHQL_TYPE = "application/graphql-response+json"


class JsonResponse(Response):
    """JSON that is written already; what Starlette works out for each answer, it knows."""

    def __init__(
        self,
        body: bytes,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = "application/json",
    ) -> None:
        self.status_code, self.body, self.media_type = status_code, body, media_type
        self.background = None
        if headers:
            self.init_headers(headers)
        else:
            length, kind = b"%d" % len(body), media_type.encode()
            self.raw_headers = [(b"content-length", length), (b"content-type", kind)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the answer."""
        at_once = at_once_of(scope)
        has_own_headers = len(self.raw_headers) > len(("length", "type"))
        if at_once is None or has_own_headers or not at_once.takes_whole(send):
            await super().__call__(scope, receive, send)
        else:
            at_once.answer(self.status_code, self.raw_headers[1], bytes(self.body))


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return JsonResponse(orjson.dumps(content), status, headers)


def error_response(error: AppError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to an expected failure: what happened and what to do, with a fitting status."""
    extra = {**_headers_of(error), **(headers or {})}
    return json_response(failure_body(error), HTTP_STATUS[error.code], extra)


def _headers_of(error: AppError) -> dict[str, str]:
    seconds = error.retry_after_seconds
    if seconds is None and error.code is ErrorCode.DATABASE_UNAVAILABLE:
        seconds = 1.0
    headers = {} if seconds is None else {"Retry-After": str(max(1, ceil(seconds)))}
    if error.code is ErrorCode.REQUEST_TIMEOUT:
        headers["Connection"] = "close"  # RFC 9110, section 15.5.9
    return headers


def failure_body(error: AppError) -> Mapping[str, object]:
    """The JSON of an expected failure."""
    return {"success": False, "error": error.sentence(), "code": error.code.value}


def refusal_response(
    scope: Scope, error: AppError, more: Mapping[str, str] | None = None
) -> Response:
    """The same in the shape of the door that the request was for, which has not seen it.

    Without a caller it carries a challenge (RFC 6750, section 3).
    """
    headers = Headers(scope=scope)
    extra = {**_headers_of(error), **(more or {})}
    if error.code is ErrorCode.UNAUTHENTICATED:
        is_wrong = ', error="invalid_token"' if "authorization" in headers else ""
        extra["WWW-Authenticate"] = f'Bearer realm="mcp-api"{is_wrong}'
    if not scope["path"].startswith("/graphql"):
        return error_response(error, extra)
    hint = {} if error.hint is None else {"hint": error.hint}
    told = {"message": error.message, "extensions": {"code": error.code.value, **hint}}
    kind = GRAPHQL_TYPE if GRAPHQL_TYPE in headers.get("accept", "") else "application/json"
    return Response(
        orjson.dumps({"errors": [told]}), HTTP_STATUS[error.code], headers=extra, media_type=kind
    )


def shutting_down() -> AppError:
    """What a client is told whose request a stop of the server has cut short."""
    return AppError(
        ErrorCode.SHUTTING_DOWN,
        "This server is shutting down; the request was not finished.",
        hint="Whether it had an effect is not known.",
    )


def surprise(reference: str) -> AppError:
    """What a client is told of a bug: nothing but where to find it in the log."""
    return AppError(
        ErrorCode.INTERNAL,
        "Something went wrong inside this server.",
        hint=f"Its log has the details under the reference {reference}.",
    )
