"""What a session needs of a transport."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import anyio.abc
from mcp.shared.dispatcher import CallOptions, OnNotify, OnNotifyIntercept, OnRequest
from mcp.shared.exceptions import MCPError
from mcp.types import CONNECTION_CLOSED

MAX_MESSAGE_BYTES = 16 * 1024**2


class ConnectionClosed(MCPError):
    """The server is gone. A type of its own: servers use the SDK's code (-32000) themselves."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(CONNECTION_CLOSED, reason or "Connection closed")
        self.reason = reason


class NotDelivered(ConnectionClosed):
    """The request has certainly not reached the server: it may be sent over a new session."""


class MessageTooBig(MCPError):
    """One answer was larger than `MAX_MESSAGE_BYTES`; only its own request fails."""


class UnsendableMessage(Exception):
    """The message cannot be written as JSON; the text says why."""


class RequestOptions(CallOptions, total=False):
    """The SDK's options of a request, and ours."""

    on_log: Callable[[Mapping[str, Any]], None]
    """Receives the params of `notifications/message` that belong to this request, where the
    transport can tell (an HTTP response stream can, a pipe cannot)."""


class Wire(Protocol):
    """A connection to one server: the SDK's `Dispatcher`, with a beginning and an end.

    `open`, `run` and `end` are called by the session's owner task, in this order.
    """

    @property
    def closed(self) -> asyncio.Event:
        """Set when requests can no longer reach the server."""

    @property
    def pid(self) -> int | None:
        """The process behind it, if it is ours."""

    @property
    def last_heard(self) -> float:
        """When the server was last heard of, on the event loop's clock."""

    @property
    def has_headers(self) -> bool:
        """Whether requests carry headers, and log messages may tell which one caused them."""

    @property
    def is_pinged(self) -> bool:
        """Whether silence is checked by a ping: true where a process of ours could hang."""

    async def open(self) -> None:
        """Get ready to send.

        Raises:
            CannotOpen: There is nothing to talk to; the text says why.
        """

    async def run(
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        on_notify_intercept: OnNotifyIntercept | None = None,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Receive until the connection ends; then fail whatever is still waiting."""

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """Send a request and return its raw result; options may be `RequestOptions`.

        Raises:
            MCPError: The server's error; ConnectionClosed, NotDelivered, MessageTooBig; or
                REQUEST_TIMEOUT.
            UnsendableMessage: The params are no JSON; nothing was sent.
        """

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification; dropped when the server is gone."""

    async def how_it_ended(self) -> str:
        """Why the connection closed, in words; may wait a moment for an exit code."""

    async def end(self, *, grace_seconds: float) -> None:
        """Close the connection and everything behind it; safe to call twice, never raises."""


class CannotOpen(Exception):
    """There is nothing to talk to; the text says why."""
