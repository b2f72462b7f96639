"""`/mcp/tool/call` and `/mcp/tools`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.edge.principal import principal_of
from app.rest.answers import ToolResultAnswer, ToolsAnswer
from app.rest.bodies import ToolCallBody
from app.rest.call_events import call_events, wants_events
from app.rest.errors import CALLING
from app.rest.operation import Operation
from app.rest.parsing import deps_of, read_body
from app.rest.render import success, tool_body
from app.services.calls import call_tool
from app.services.replays import call_again
from app.services.tools import list_tools_by_server


async def call(request: Request) -> Response:
    """`POST /mcp/tool/call`."""
    body = await read_body(request, ToolCallBody)
    if wants_events(request):
        return call_events(request, body.call())
    outcome = await call_tool(deps_of(request), principal_of(request), body.call())
    return success(data=orjson.Fragment(outcome.text))


@asynccontextmanager
async def again(request: Request) -> AsyncIterator[None]:
    """The gate of a call that comes again."""
    body = await read_body(request, ToolCallBody)
    async with call_again(deps_of(request), principal_of(request), body.call()):
        yield


async def list_tools(request: Request) -> Response:
    """`GET /mcp/tools`."""
    found = await list_tools_by_server(deps_of(request), principal_of(request))
    return success(tools=[{s.name: [tool_body(tool) for tool in tools]} for s, tools in found])


OPERATIONS = [
    Operation(
        "POST", "/mcp/tool/call", call,
        id="callTool",
        summary="Call a tool",
        description="With the user's secrets for its server. A tool that reports failure is an "
        "answer with `isError: true`. The call ends when its client leaves, unless it has an "
        "Idempotency-Key.",
        body=ToolCallBody,
        answer=ToolResultAnswer,
        errors=CALLING,
        again=again,
        has_events=True,
    ),
    Operation(
        "GET", "/mcp/tools", list_tools,
        id="listTools",
        summary="The tools of enabled servers",
        answer=ToolsAnswer,
    ),
]  # fmt: skip
