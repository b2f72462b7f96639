"""The way in to the MCP endpoint."""

import asyncio
from importlib import import_module

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.late_import import import_late
from app.services.deps import Deps


class McpDoor:
    """`/mcp`. One task owns the endpoint from start to end; requests wait until it is there."""

    def __init__(self, deps: Deps, body_limit: int) -> None:
        self._deps = deps
        self._body_limit = body_limit
        self._endpoint: asyncio.Future[ASGIApp] = asyncio.get_running_loop().create_future()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint = await asyncio.shield(self._endpoint)
        await endpoint(scope, receive, send)

    async def own(self) -> None:
        """Serve the endpoint until cancelled."""
        try:
            # The SDK takes two seconds of CPU to import.
            server = await import_late(lambda: import_module("app.gateway.server"))
            async with server.mcp_endpoint(self._deps, self._body_limit) as endpoint:
                self._endpoint.set_result(endpoint)
                await asyncio.Event().wait()
        except Exception as error:
            if not self._endpoint.done():
                self._endpoint.set_exception(error)
            raise

    def routes(self) -> list[BaseRoute]:
        """The endpoint."""
        return [Route("/mcp", self)]
