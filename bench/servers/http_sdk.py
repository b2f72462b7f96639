"""The echo server made with the SDK at /json and /sse; prints its port, ends with its stdin."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from starlette.applications import Starlette

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}


async def list_tools(_context: ServerRequestContext, _params: Any) -> types.ListToolsResult:
    """One tool."""
    return types.ListToolsResult(tools=[types.Tool(name="echo", input_schema=SCHEMA)])


async def call_tool(
    _context: ServerRequestContext, params: types.CallToolRequestParams
) -> types.CallToolResult:
    """What it was given."""
    text = str((params.arguments or {})["text"])
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


def app_at(path: str, *, json_response: bool) -> Starlette:
    """The SDK's app."""
    echo: Server[Any] = Server("echo", on_list_tools=list_tools, on_call_tool=call_tool)
    return echo.streamable_http_app(streamable_http_path=path, json_response=json_response)


def both() -> Starlette:
    """One app that answers in both ways."""
    apps = [app_at("/json", json_response=True), app_at("/sse", json_response=False)]

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for app in apps:
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return Starlette(routes=[route for app in apps for route in app.routes], lifespan=lifespan)


async def main() -> None:
    """Serve until stdin ends."""
    server = uvicorn.Server(
        uvicorn.Config(both(), log_level="critical", ws="none", timeout_graceful_shutdown=1)
    )
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:  # or asyncio sets no TCP_NODELAY
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        print(listening.getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(main())
