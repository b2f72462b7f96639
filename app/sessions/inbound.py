"""A message of the server as its handler sees it: the SDK's `DispatchContext`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.shared.dispatcher import CallOptions, Outbound
from mcp.shared.message import MessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp.types import RequestId


@dataclass(slots=True)
class InboundMessage:
    """What a handler may know of the server's message it is handling."""

    connection: Outbound
    closed: asyncio.Event
    request_id: RequestId | None
    transport: TransportContext = field(
        default_factory=lambda: TransportContext(kind="stdio", can_send_request=True)
    )
    message_metadata: MessageMetadata = None
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)

    @property
    def can_send_request(self) -> bool:
        """Whether the server can still be reached."""
        return not self.closed.is_set()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """A request to the server, while its own is being handled."""
        return await self.connection.send_raw_request(method, params, opts)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """A notification to the server."""
        await self.connection.notify(method, params, opts)

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Nothing: requests of a server to us carry no progress token we would answer."""
