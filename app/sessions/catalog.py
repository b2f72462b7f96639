"""What a server lists: read when asked for, kept until the server says that it changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from mcp.client.session import ClientSession
from mcp.client.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    SubscriptionLost,
    ToolsListChanged,
    listen,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import find_invalid_x_mcp_header
from mcp.types import (
    METHOD_NOT_FOUND,
    PromptListChangedNotification,
    ResourceListChangedNotification,
    ServerCapabilities,
    ToolListChangedNotification,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from app.domain.session import ListingKind
from app.domain.tool import Tool
from app.sessions.listing import Entry, Request, read_listing, tools_by_name

log = logging.getLogger(__name__)

RESOURCE_KINDS = (ListingKind.RESOURCES, ListingKind.RESOURCE_TEMPLATES)
CHANGES: Mapping[type, tuple[ListingKind, ...]] = {
    ToolListChangedNotification: (ListingKind.TOOLS,),
    ResourceListChangedNotification: RESOURCE_KINDS,
    PromptListChangedNotification: (ListingKind.PROMPTS,),
    ToolsListChanged: (ListingKind.TOOLS,),
    ResourcesListChanged: RESOURCE_KINDS,
    PromptsListChanged: (ListingKind.PROMPTS,),
}
LISTEN_AGAIN_SECONDS = (1.0, 60.0)


class Catalog:
    """The listings of one session."""

    def __init__(
        self,
        client: ClientSession,
        request: Request,
        *,
        on_listing: Callable[[ListingKind], Awaitable[None]],
    ) -> None:
        self._capabilities = client.server_capabilities or ServerCapabilities()
        self._is_modern = client.protocol_version in MODERN_PROTOCOL_VERSIONS
        self._request = request
        self._on_listing = on_listing
        self._kept: dict[ListingKind, list[Entry]] = {}
        self._reading: dict[ListingKind, asyncio.Lock] = {k: asyncio.Lock() for k in ListingKind}
        self._stale: set[ListingKind] = set()
        self.tools: Mapping[str, Tool] = {}

    def kept(self, kind: ListingKind) -> list[Entry] | None:
        """The listing as read last; None when it has to be read."""
        return None if kind in self._stale else self._kept.get(kind)

    async def read(self, kind: ListingKind) -> list[Entry]:
        """The listing, read anew; empty for what the server does not offer.

        Raises:
            MCPError: The server's error, or the connection closed.
        """
        async with self._reading[kind]:
            self._stale.discard(kind)
            entries = await self._read(kind) if self._offers(kind) else []
            if kind is ListingKind.TOOLS and self._is_modern:
                entries = [*filter(_has_valid_headers, entries)]
            self._kept[kind] = entries
            if kind is ListingKind.TOOLS:
                self.tools = tools_by_name(entries)
        return entries

    async def hear(self, message: object) -> None:
        """Read again what a notification says has changed; a storm of them costs two reads."""
        for kind in CHANGES.get(type(message), ()):
            if kind in self._stale:
                continue  # a read that has yet to begin will see this change too
            self._stale.add(kind)
            try:
                if kind is ListingKind.TOOLS or kind in self._kept:
                    await self.read(kind)
            except MCPError as error:
                log.debug("A changed listing could not be read: %s", error)
            else:
                await self._on_listing(kind)

    async def follow(self, client: ClientSession) -> None:
        """Listen for changes where the revision has a subscription for it; until cancelled."""
        tells_tools = self._changes(self._capabilities.tools)
        tells_prompts = self._changes(self._capabilities.prompts)
        tells_resources = self._changes(self._capabilities.resources)
        if not self._is_modern or not (tells_tools or tells_prompts or tells_resources):
            return
        pause, longest = LISTEN_AGAIN_SECONDS
        while True:
            try:
                async with listen(
                    client,
                    tools_list_changed=tells_tools,
                    prompts_list_changed=tells_prompts,
                    resources_list_changed=tells_resources,
                ) as events:
                    async for event in events:
                        await self.hear(event)
                        pause = LISTEN_AGAIN_SECONDS[0]
            except MCPError as error:
                if error.error.code == METHOD_NOT_FOUND:
                    return
            except SubscriptionLost:
                pass
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _read(self, kind: ListingKind) -> list[Entry]:
        try:
            return await read_listing(self._request, kind)
        except MCPError as error:
            # Some servers offer resources, but no templates; some offer no tools.
            is_promised = kind is ListingKind.TOOLS and self._capabilities.tools is not None
            if error.error.code != METHOD_NOT_FOUND or is_promised:
                raise
            return []

    def _offers(self, kind: ListingKind) -> bool:
        if kind is ListingKind.TOOLS:
            return True  # servers have been seen that list tools without saying so
        if kind is ListingKind.PROMPTS:
            return self._capabilities.prompts is not None
        return self._capabilities.resources is not None

    @staticmethod
    def _changes(capability: object) -> bool:
        return getattr(capability, "list_changed", None) is True


def _has_valid_headers(entry: Entry) -> bool:
    """Whether clients may offer the tool (MCP spec 2026-07-28, Transports, x-mcp-header)."""
    reason = find_invalid_x_mcp_header(entry.get("inputSchema"))
    if reason is not None:
        log.warning("The tool %r is left out: %s.", entry.get("name"), reason)
    return reason is None
