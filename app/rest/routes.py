"""Every documented route."""

from starlette.routing import BaseRoute

from app.rest import health, packages, secrets, servers, tools


def rest_routes() -> list[BaseRoute]:
    """The routes of the REST door."""
    return [
        *health.ROUTES,
        *packages.ROUTES,
        *servers.ROUTES,
        *tools.ROUTES,
        *secrets.ROUTES,
    ]
