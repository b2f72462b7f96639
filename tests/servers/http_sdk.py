"""MCP servers made with the SDK, served over real HTTP on a port of their own, in this process."""

import asyncio
import contextlib
import socket
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

ANY = {"type": "object", "properties": {}}
FORM = {"type": "object", "properties": {"name": {"type": "string"}}}
TOOLS = ("echo", "forever", "progress", "log", "ask", "grow", "pause", "fail")


@dataclass(slots=True)
class Subject:
    """What happened at the server."""

    bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)
    started: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def list_tools(self, ctx: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name=n, input_schema=ANY) for n in TOOLS])

    async def call_tool(
        self, ctx: ServerRequestContext, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if ctx.request is not None:
            self.requests.append((ctx.request.method, dict(ctx.request.headers)))
        arguments = params.arguments or {}
        self.started.append(params.name)
        try:
            said = await self.do(ctx, params.name, arguments)
        except asyncio.CancelledError:
            self.cancelled.append(params.name)
            raise
        return types.CallToolResult(content=[types.TextContent(type="text", text=said)])

    async def do(self, ctx: ServerRequestContext, name: str, arguments: dict[str, Any]) -> str:
        if name == "forever":
            await asyncio.Event().wait()
        if name == "progress":
            for n in range(int(arguments["times"])):
                await ctx.session.report_progress(n, arguments["times"], f"step {n}")
        if name == "log":
            with warnings.catch_warnings(action="ignore", category=MCPDeprecationWarning):
                await ctx.session.send_log_message("info", "said", "me", ctx.request_id)
        if name == "ask":
            found = await ctx.session.elicit_form("Who?", FORM, ctx.request_id)
            return found.action
        if name == "grow":
            await ctx.session.send_tool_list_changed()
        if name == "pause":
            assert ctx.close_sse_stream is not None
            await ctx.close_sse_stream()
        if name == "fail":
            raise MCPError(-32011, "I would rather not", {"why": "so"})
        return str(arguments.get("text", "done"))

    def server(self) -> Server[Any]:
        return Server(
            "subject",
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_subscriptions_listen=ListenHandler(self.bus),
        )


class Events(EventStore):
    """Every event there was, so that a stream can be taken up again."""

    def __init__(self) -> None:
        self._events: list[tuple[str, types.JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: types.JSONRPCMessage | None) -> str:
        self._events.append((stream_id, message))
        return str(len(self._events))

    async def replay_events_after(self, last_event_id: str, send_callback: Any) -> str | None:
        wanted = self._events[int(last_event_id) - 1][0]
        for at, (stream, message) in enumerate(self._events[int(last_event_id) :]):
            if stream == wanted and message is not None:
                await send_callback(EventMessage(message, str(int(last_event_id) + at + 1)))
        return wanted


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """The address at which the app is served."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        config = uvicorn.Config(
            app, log_level="critical", ws="none", lifespan="on", timeout_graceful_shutdown=1
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@contextlib.asynccontextmanager
async def streamable(subject: Subject, **options: Any) -> AsyncIterator[str]:
    """The address of the subject over streamable HTTP."""
    async with served(subject.server().streamable_http_app(**options)) as origin:
        yield f"{origin}/mcp"


@contextlib.asynccontextmanager
async def over_sse(subject: Subject) -> AsyncIterator[str]:
    """The address of the subject over HTTP+SSE."""
    transport = SseServerTransport("/messages/")
    server = subject.server()

    async def connect(request: Request) -> Response:
        async with transport.connect_sse(request.scope, request.receive, request._send) as streams:
            await server.run(streams[0], streams[1], server.create_initialization_options())
        return Response()

    routes = [
        Route("/sse", connect),
        Mount("/messages/", app=transport.handle_post_message),
    ]
    app = Starlette(routes=routes, lifespan=_nothing)
    async with served(app) as origin:
        yield f"{origin}/sse"


@contextlib.asynccontextmanager
async def _nothing(app: Starlette) -> AsyncIterator[None]:
    yield
