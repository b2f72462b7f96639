"""Telling MCP clients where to get a token (RFC 9728; MCP spec, Authorization)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from app.edge.envelope import json_response

METADATA_PATH = "/.well-known/oauth-protected-resource"
RESOURCE_PATH = "/mcp"
# A client asks for the resource's own, or for the host's.
METADATA_PATHS = (METADATA_PATH, METADATA_PATH + RESOURCE_PATH)


def metadata_url(scope: Scope) -> str:
    """Where the metadata of our MCP endpoint is, by the name that the client uses for us."""
    return str(Request(scope).base_url.replace(path=METADATA_PATH + RESOURCE_PATH))


def metadata_routes(issuer: str | None) -> list[BaseRoute]:
    """The metadata; without an identity provider there is none."""
    if issuer is None:
        return []

    async def metadata(request: Request) -> Response:
        resource = request.base_url.replace(path=RESOURCE_PATH)
        return json_response(
            {
                "resource": str(resource),
                "authorization_servers": [issuer],
                "bearer_methods_supported": ["header"],
            }
        )

    return [Route(path, metadata, methods=["GET"]) for path in METADATA_PATHS]
