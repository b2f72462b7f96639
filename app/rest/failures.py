"""Failures of the REST door in the documented shape, those of the router included."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from app.domain.durations import BadDuration
from app.domain.errors import AppError, ErrorCode, invalid
from app.edge.envelope import error_response


async def expected(request: Request, error: Exception) -> Response:
    """The answer to an AppError."""
    if not isinstance(error, AppError):
        raise error
    return error_response(in_our_units(error))


def in_our_units(error: AppError) -> AppError:
    """The failure as this door tells it: its durations are milliseconds."""
    return error.in_milliseconds() if isinstance(error, BadDuration) else error


async def from_router(request: Request, error: Exception) -> Response:
    """The answer to an unknown route or a wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    method, path = request.method, request.url.path
    if error.status_code == 405:
        allowed = _allowed_methods(request)
        if method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        wrong = AppError(
            ErrorCode.METHOD_NOT_ALLOWED,
            f"{path} does not answer to {method}.",
            hint=f"It answers to {allowed}.",
        )
        return error_response(wrong, {"Allow": allowed})
    if error.status_code == 404:
        unknown = AppError(
            ErrorCode.ROUTE_NOT_FOUND,
            f"There is no {method} {path[:200]} here.",
            hint="/docs lists the routes; GraphQL is at /graphql.",
        )
        return error_response(unknown)
    return error_response(invalid(str(error.detail)))


def _allowed_methods(request: Request) -> str:
    """Every method of the first path that is the request's."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    path = next(r.path for r in routes if r.matches(request.scope)[0] is not Match.NONE)
    methods = {method for route in routes if route.path == path for method in route.methods or ()}
    return ", ".join(sorted({"OPTIONS", *methods}))
