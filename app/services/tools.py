"""Tools: listed from what servers said last, and called."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

from app.domain.call import ToolCall, ToolOutcome, check_call, merge_arguments
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.names import check_server_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.ports import Session
from app.domain.principal import Principal, acting_user
from app.domain.redaction import (
    SHORTEST_IN_LOGS,
    SHORTEST_IN_RESULTS,
    mask_json,
    mask_text,
    spellings,
)
from app.domain.server import Server
from app.domain.tool import Tool
from app.domain.tool_names import split_tool_name
from app.services.deps import Deps
from app.services.paging import every
from app.services.secrets import open_secrets
from app.services.servers import get_server, launch_of

log = logging.getLogger(__name__)


async def call_tool(deps: Deps, principal: Principal, call: ToolCall) -> ToolOutcome:
    """Call a tool once, with the user's secrets for its server merged into the arguments.

    A tool that reports failure is an outcome; only a call that could not be made, or not be
    finished, is an error.

    Raises:
        AppError: INVALID_INPUT, FORBIDDEN, SERVER_NOT_FOUND, SERVER_DISABLED, TOOL_NOT_FOUND,
            SECRET_UNREADABLE, SERVER_DID_NOT_START, SERVER_FAILED or TOOL_TIMEOUT.
    """
    check_call(call)
    username = acting_user(principal, call.username)
    call_id, started = uuid4().hex, time.perf_counter()
    verdict = "cancelled"
    try:
        async with asyncio.timeout(call.timeout_seconds):
            raw = await _call(deps, username, call)
        verdict = "tool error" if raw.get("isError") is True else "ok"
    except TimeoutError:
        verdict = ErrorCode.TOOL_TIMEOUT
        raise _timed_out(call) from None
    except AppError as error:
        verdict = error.code
        raise
    finally:
        milliseconds = (time.perf_counter() - started) * 1000
        log.info(
            "call %s: server=%s tool=%r user=%r outcome=%s ms=%.1f",
            call_id, call.server_name, call.tool_name, username, verdict, milliseconds,
        )  # fmt: skip
    return ToolOutcome(call_id=call_id, raw=raw, duration_milliseconds=milliseconds)


async def list_tools(
    deps: Deps, *, server_name: str | None, page: PageRequest
) -> Page[tuple[Server, Tool]]:
    """Tools of enabled servers by server and name; the cursor is `server tool`.

    Raises:
        AppError: INVALID_INPUT or SERVER_NOT_FOUND.
    """
    check_page(page)
    after_server, blank, after_tool = (page.after or " ").partition(" ")
    if not blank:
        raise invalid("after is not a cursor of this listing.", "after")
    found: list[tuple[Server, Tool]] = []
    async for server in _tool_servers(deps, server_name):
        if server.name < after_server:
            continue
        for tool in sorted(server.tools, key=lambda tool: tool.name):
            if server.name > after_server or tool.name > after_tool:
                found.append((server, tool))
        if len(found) > page.first:
            break
    return cut_page(found, page.first)


async def resolve_tool_name(deps: Deps, name: str) -> tuple[str, str]:
    """The server and tool behind a name of the common listing.

    Of several readings the one whose server lists such a tool wins, else the first that names
    a server at all.

    Raises:
        AppError: TOOL_NOT_FOUND.
    """
    readings = split_tool_name(name)
    servers = await deps.servers.find_many([server for server, _ in readings])
    known = [(server, tool) for server, tool in readings if server in servers]
    listed = [(s, t) for s, t in known if find_tool_of(servers[s], t) is not None]
    for reading in (*listed, *known):
        return reading
    raise AppError(
        ErrorCode.TOOL_NOT_FOUND,
        f"There is no tool named {name[:200]!r}.",
        path=("name",),
        hint="List the tools to see which there are.",
    )


def page_tools_of(server: Server, page: PageRequest) -> Page[Tool]:
    """One server's tools by name.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_page(page)
    tools = sorted(server.tools, key=lambda tool: tool.name)
    return cut_page([t for t in tools if page.after is None or t.name > page.after], page.first)


def find_tool_of(server: Server, name: str) -> Tool | None:
    """One server's tool of that name, as listed last."""
    return next((tool for tool in server.tools if tool.name == name), None)


async def _tool_servers(deps: Deps, server_name: str | None) -> AsyncIterator[Server]:
    if server_name is not None:
        check_server_name(server_name, "serverName")
        yield await get_server(deps, server_name)
        return
    async for server in every(deps.servers.list_page, lambda s: s.name):
        if server.settings.is_enabled:
            yield server


async def _call(deps: Deps, username: str, call: ToolCall) -> dict[str, object]:
    server = await get_server(deps, call.server_name)
    if not server.settings.is_enabled:
        raise AppError(
            ErrorCode.SERVER_DISABLED,
            f"Server {server.name!r} is disabled.",
            path=("serverName",),
            hint="Enable it first.",
        )
    secrets = await open_secrets(deps, username, server.name)
    deps.seen.note([*secrets.values()])
    launch = launch_of(deps, server)
    try:
        async with deps.sessions.use(server.name, server.revision, launch) as session:
            tool = await _find_tool(session, call)
            arguments = merge_arguments(call.arguments, secrets, tool.input_schema)
            raw = await session.call_tool(tool.name, arguments)
    except AppError as error:
        raise _masked(error, secrets) from None
    mask_json(raw, spellings(secrets.values(), shortest=SHORTEST_IN_RESULTS))
    return raw


async def _find_tool(session: Session, call: ToolCall) -> Tool:
    """The tool in the session's listing, or in a fresh one."""
    tool = session.tools.get(call.tool_name)
    if tool is None:
        await session.refresh_tools()
        tool = session.tools.get(call.tool_name)
    if tool is None:
        raise AppError(
            ErrorCode.TOOL_NOT_FOUND,
            f"Server {call.server_name!r} has no tool named {call.tool_name!r}.",
            path=("toolName",),
            hint="List the server's tools to see which there are; names are case-sensitive.",
        )
    return tool


def _masked(error: AppError, secrets: Mapping[str, str]) -> AppError:
    """The error without any secret of this call: servers put arguments into their messages."""
    forms = spellings(secrets.values(), shortest=SHORTEST_IN_LOGS)
    hint = None if error.hint is None else mask_text(error.hint, forms)
    return AppError(error.code, mask_text(error.message, forms), path=error.path, hint=hint)


def _timed_out(call: ToolCall) -> AppError:
    return AppError(
        ErrorCode.TOOL_TIMEOUT,
        f"Tool {call.tool_name!r} of server {call.server_name!r} did not answer within "
        f"{call.timeout_seconds:g} s; the call was cancelled.",
        hint="Allow more time, or check the server's log.",
    )
