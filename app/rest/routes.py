"""Every documented route."""

from starlette.routing import BaseRoute

from app.edge.direct import Table
from app.rest import health, openapi_routes, packages, secrets, servers, tool_routes, tools

OPERATIONS = [
    *health.OPERATIONS,
    *packages.OPERATIONS,
    *servers.OPERATIONS,
    *tools.OPERATIONS,
    *tool_routes.OPERATIONS,
    *secrets.OPERATIONS,
]


def direct_routes() -> Table:
    """Those that have no parameters in their paths, to be found without looking through all."""
    fixed = [operation for operation in OPERATIONS if "{" not in operation.path]
    return {(operation.method, operation.path): operation.app() for operation in fixed}


def rest_routes() -> list[BaseRoute]:
    """The routes of the REST door, those that describe it included."""
    last = {operation.path: operation for operation in OPERATIONS}
    return [
        *(one.route(is_last=last[one.path] is one) for one in OPERATIONS),
        *openapi_routes.routes(OPERATIONS),
    ]
