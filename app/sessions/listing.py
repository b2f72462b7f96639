"""Reading a server's listings whole, item by item."""

import logging
from collections.abc import Mapping
from typing import Any

from app.domain.tool import Tool, parse_tool
from app.sessions.stdio import StdioDispatcher

log = logging.getLogger(__name__)

MAX_PAGES = 100
MAX_TOOLS = 10_000


async def list_tools(dispatcher: StdioDispatcher) -> Mapping[str, Tool]:
    """Every tool the server lists, all pages, by name; entries that are no tools are skipped.

    Raises:
        MCPError: The server's error, or the connection closed.
    """
    tools: dict[str, Tool] = {}
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        params: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        answer = await dispatcher.send_raw_request("tools/list", params)
        entries = answer.get("tools")
        for entry in entries if isinstance(entries, list) else ():
            tool = parse_tool(entry)
            if tool is not None:
                tools[tool.name] = tool
        following = answer.get("nextCursor")
        if not isinstance(following, str) or following == cursor or len(tools) > MAX_TOOLS:
            return tools
        cursor = following
    log.warning("A server's tool list did not end within %d pages; the rest is ignored.", MAX_PAGES)
    return tools
