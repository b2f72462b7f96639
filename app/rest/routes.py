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
    return [
        *(operation.route() for operation in OPERATIONS),
        *openapi_routes.routes(OPERATIONS),
    ]
