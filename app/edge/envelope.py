"""The JSON shape of every failure outside GraphQL: `{success: false, error, code}`."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response

from app.domain.errors import AppError, ErrorCode
from app.edge.status import HTTP_STATUS


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(content), status, headers=headers, media_type="application/json")


def error_response(error: AppError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to an expected failure: what happened and what to do, with a fitting status."""
    extra = {"Retry-After": "1"} if error.code is ErrorCode.DATABASE_UNAVAILABLE else {}
    return json_response(failure_body(error), HTTP_STATUS[error.code], {**extra, **(headers or {})})


def failure_body(error: AppError) -> Mapping[str, object]:
    """The JSON of an expected failure."""
    return {"success": False, "error": error.sentence(), "code": error.code.value}


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
