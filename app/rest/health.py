"""`/healthz`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rest.parsing import deps_of
from app.rest.render import success
from app.services.health import check_health


async def health(request: Request) -> Response:
    """`GET /healthz`: 200 when requests can be served, else 503."""
    check_health(deps_of(request))
    return success(status="ok")


ROUTES = [Route("/healthz", health, methods=["GET"])]
