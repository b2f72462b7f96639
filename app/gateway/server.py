"""Our own MCP server: `tools/list` and `tools/call` over the same services as the other doors.

Source: the MCP specification, Tools. A call that could be made but failed is a result with
`isError`, so that a model sees it; a request that makes no sense is a JSON-RPC error.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app import __version__
from app.domain.call import ToolCall, ToolOutcome
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.principal import Principal
from app.domain.session import Progress
from app.domain.tool_names import join_tool_name
from app.edge.principal import principal_of
from app.services.call_stream import CallFinished, stream_call
from app.services.deps import Deps
from app.services.tools import list_tools, resolve_tool_name

PAGE = 200
# Of the codes that JSON-RPC leaves to servers; nothing was begun, and the call may be repeated.
RATE_LIMITED = -32029
# What the caller got wrong; everything else is told in a result.
CALLERS_MISTAKES = (ErrorCode.INVALID_INPUT, ErrorCode.TOOL_NOT_FOUND, ErrorCode.SERVER_NOT_FOUND)
INSTRUCTIONS = "Tools are named <server>__<tool>. Your stored secrets are added to their arguments."

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """Answers with events who asks for them, and anybody else with one JSON text.

    Only events carry progress, and only with them does the SDK notice that a client has gone.
    A client that says no more than `*/*`, such as curl, is better served with JSON.
    """

    events: ASGIApp
    json: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        has_events = "text/event-stream" in Headers(scope=scope).get("accept", "")
        await (self.events if has_events else self.json)(scope, receive, send)


@asynccontextmanager
async def mcp_endpoint(deps: Deps, body_limit: int) -> AsyncIterator[ASGIApp]:
    """The running endpoint; stateless, so that any replica can answer any request."""
    server = _build_server(deps)
    events, json = (
        StreamableHTTPSessionManager(
            server,
            json_response=is_json,
            stateless=True,
            # The edge has checked the Host header already, with our own list.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
            max_request_body_size=body_limit,
        )
        for is_json in (False, True)
    )
    async with events.run(), json.run():
        yield _Endpoint(StreamableHTTPASGIApp(events), StreamableHTTPASGIApp(json))


def _build_server(deps: Deps) -> Server[Any]:
    async def on_list(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        return await _list(deps, _caller(context), None if params is None else params.cursor)

    async def on_call(context: Context, params: CallToolRequestParams) -> CallToolResult:
        return await _call(deps, context, params)

    return Server(
        "mcp-api",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=on_list,
        on_call_tool=on_call,
    )


async def _list(deps: Deps, caller: Principal, cursor: str | None) -> ListToolsResult:
    request = PageRequest(PAGE, cursor)
    try:
        page = await list_tools(deps, caller, server_name=None, page=request, fills_secrets=True)
    except AppError as error:
        is_callers = error.code in CALLERS_MISTAKES
        code = INVALID_PARAMS if is_callers else INTERNAL_ERROR
        raise MCPError(code, error.sentence()) from None
    tools = []
    for server, tool in page.items:
        named = {**tool.raw, "name": join_tool_name(server.name, tool.name)}
        tools.append({**named, "inputSchema": {"type": "object", **tool.input_schema}})
    last = page.items[-1] if page.has_next else None
    following = None if last is None else f"{last[0].name} {last[1].name}"
    return ListToolsResult.model_validate({"tools": tools, "nextCursor": following})


async def _call(deps: Deps, context: Context, params: CallToolRequestParams) -> CallToolResult:
    try:
        server_name, tool_name = await resolve_tool_name(deps, _caller(context), params.name)
        call = ToolCall(
            server_name=server_name, tool_name=tool_name, arguments=params.arguments or {}
        )
        outcome = await _follow(deps, context, call)
        return CallToolResult.model_validate(outcome.raw)
    except AppError as error:
        if error.code in CALLERS_MISTAKES:
            raise MCPError(INVALID_PARAMS, error.sentence()) from None
        if error.code is ErrorCode.RATE_LIMITED:
            wait = {"code": error.code.value, "retryAfterSeconds": error.retry_after_seconds}
            raise MCPError(RATE_LIMITED, error.sentence(), wait) from None
        return _failure(error.sentence())
    except ValidationError:
        return _failure("The server's answer is no MCP result.")


async def _follow(deps: Deps, context: Context, call: ToolCall) -> ToolOutcome:
    """The outcome of a call whose progress is told to a client that asked for it."""
    async with aclosing(stream_call(deps, _caller(context), call)) as events:
        async for event in events:
            if isinstance(event, Progress):
                await context.session.report_progress(event.progress, event.total, event.message)
            if isinstance(event, CallFinished):
                if isinstance(event.result, AppError):
                    raise event.result
                return event.result
    raise RuntimeError("the last event of a call is its end")


def _caller(context: Context) -> Principal:
    if not isinstance(context.request, Request):
        raise TypeError("the endpoint is served over HTTP only")
    return principal_of(context.request)


def _failure(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
