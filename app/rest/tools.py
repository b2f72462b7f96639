"""`/mcp/tool/call` and `/mcp/tools`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.edge.principal import principal_of
from app.rest.bodies import ToolCallBody
from app.rest.parsing import deps_of, read_body
from app.rest.render import success, tool_body
from app.services.calls import call_tool
from app.services.tools import list_tools_by_server


async def call(request: Request) -> Response:
    """`POST /mcp/tool/call`."""
    body = await read_body(request, ToolCallBody)
    outcome = await call_tool(deps_of(request), principal_of(request), body.call())
    return success(data=outcome.raw)


async def list_tools(request: Request) -> Response:
    """`GET /mcp/tools`."""
    found = await list_tools_by_server(deps_of(request), principal_of(request))
    return success(tools=[{s.name: [tool_body(tool) for tool in tools]} for s, tools in found])


ROUTES = [
    Route("/mcp/tool/call", call, methods=["POST"]),
    Route("/mcp/tools", list_tools, methods=["GET"]),
]
