"""Every documented route."""

from starlette.routing import BaseRoute

from app.rest import health, openapi_routes, packages, secrets, servers, tool_routes, tools

OPERATIONS = [
    *health.OPERATIONS,
    *packages.OPERATIONS,
    *servers.OPERATIONS,
    *tools.OPERATIONS,
    *tool_routes.OPERATIONS,
    *secrets.OPERATIONS,
]


def rest_routes() -> list[BaseRoute]:
    """The routes of the REST door, those that describe it included."""
    last = {operation.path: operation for operation in OPERATIONS}
    return [
        *(one.route(is_last=last[one.path] is one) for one in OPERATIONS),
        *openapi_routes.routes(OPERATIONS),
    ]
