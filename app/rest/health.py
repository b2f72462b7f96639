"""`/healthz`."""

from starlette.requests import Request
from starlette.responses import Response

from app.rest.answers import Healthy
from app.rest.operation import Operation
from app.rest.parsing import deps_of
from app.rest.render import success
from app.services.health import check_health


async def health(request: Request) -> Response:
    """`GET /healthz`: 200 when requests can be served, else 503."""
    check_health(deps_of(request))
    return success(status="ok")


OPERATIONS = [
    Operation(
        "GET", "/healthz", health,
        id="checkHealth",
        summary="Whether requests can be served",
        answer=Healthy,
        is_public=True,
    ),
]  # fmt: skip
