"""Reading a server's listings whole, item by item, exactly as it sent them."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.domain.session import ListingKind
from app.domain.tool import Tool, parse_tool

log = logging.getLogger(__name__)

MAX_PAGES = 100
MAX_ENTRIES = 10_000
# The method that reads each listing, and where the entries are in its answer.
METHODS: Mapping[ListingKind, tuple[str, str]] = {
    ListingKind.TOOLS: ("tools/list", "tools"),
    ListingKind.RESOURCES: ("resources/list", "resources"),
    ListingKind.RESOURCE_TEMPLATES: ("resources/templates/list", "resourceTemplates"),
    ListingKind.PROMPTS: ("prompts/list", "prompts"),
}

Request = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
Entry = Mapping[str, object]


async def read_listing(request: Request, kind: ListingKind) -> list[Entry]:
    """Every entry of a listing, all pages; what is no object is skipped.

    Raises:
        MCPError: The server's error, or the connection closed.
    """
    method, field = METHODS[kind]
    entries: list[Entry] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        answer = await request(method, {} if cursor is None else {"cursor": cursor})
        page = answer.get(field)
        entries += [e for e in page if isinstance(e, dict)] if isinstance(page, list) else []
        following = answer.get("nextCursor")
        if not isinstance(following, str) or following == cursor or len(entries) > MAX_ENTRIES:
            return entries
        cursor = following
    log.warning("A listing did not end within %d pages; the rest is ignored.", MAX_PAGES)
    return entries


def tools_by_name(entries: list[Entry]) -> Mapping[str, Tool]:
    """The tools among the entries; of two with one name the later counts."""
    tools = (parse_tool(entry) for entry in entries)
    return {tool.name: tool for tool in tools if tool is not None}
