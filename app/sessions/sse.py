"""HTTP+SSE, the transport of revision 2024-11-05: one event stream, and POSTs beside it.

The stream begins by naming the address to POST to. Answers come on the stream, and when it ends
the session has ended.
"""

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import aiohttp
import anyio.abc
from mcp.shared.dispatcher import CallOptions, OnNotify, OnNotifyIntercept, OnRequest
from mcp.shared.exceptions import MCPError
from mcp.types import REQUEST_TIMEOUT
from yarl import URL

from app.domain.launch import HttpLaunch
from app.sessions import rpc
from app.sessions.endpoint import EVENT_STREAM, Endpoint, drain, is_session_unknown, refusal_in
from app.sessions.exchange import Exchange, Message, Pending
from app.sessions.http_failures import BadStatus, BrokenAnswer, SessionUnknown, in_words
from app.sessions.http_pool import HttpPool
from app.sessions.reading import Unreadable, read_message
from app.sessions.sse_events import Event, EventParser
from app.sessions.tasks import OwnedTasks
from app.sessions.wire import CannotOpen, ConnectionClosed, NotDelivered, RequestOptions

log = logging.getLogger(__name__)

POST_SECONDS = 10.0
STREAM_ENDED = "its event stream ended"


class SseWire:
    """Requests and notifications to a server that speaks the old HTTP transport."""

    pid = None
    has_headers = True
    is_pinged = False

    def __init__(self, pool: HttpPool, launch: HttpLaunch) -> None:
        self._endpoint = Endpoint(pool, launch)
        self._exchange = Exchange(self, kind="sse", send=self._post)
        self._tasks = OwnedTasks()
        self._parser = EventParser()
        self._early: list[Event] = []  # what came with the first event
        self._stream: aiohttp.ClientResponse | None = None
        self._post_url = URL()
        self._why = "it was closed"
        self.closed = self._exchange.closed

    @property
    def last_heard(self) -> float:
        """When the server was last heard of."""
        return self._endpoint.last_heard

    async def open(self) -> None:
        """Open the stream, and wait until it names the address to POST to.

        Raises:
            CannotOpen: The server cannot be reached, or has no such stream.
        """
        self._endpoint.prepare()
        try:
            with in_words():
                self._stream = await self._endpoint.get()
                if self._stream.status != HTTPStatus.OK:
                    raise BadStatus(self._stream.status)
                if self._stream.content_type != EVENT_STREAM:
                    raise BrokenAnswer(f"it is {self._stream.content_type[:100]!r}")
                self._post_url = await self._wait_for_address(self._stream)
        except NotDelivered as error:
            raise CannotOpen(error.error.message) from None
        except MCPError as error:
            raise CannotOpen(f"it offers no event stream: {error.error.message}") from None
        finally:
            if not self._post_url.raw_host:
                self._hang_up()

    async def run(
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        on_notify_intercept: OnNotifyIntercept | None = None,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Read the stream until it ends; then fail whatever is still waiting."""
        self._exchange.serve(on_request, on_notify, on_notify_intercept)
        task_status.started()
        try:
            with in_words():
                await self._read()
            self._why = STREAM_ENDED
        except MCPError as error:
            self._why = f"{STREAM_ENDED}: {error.error.message}"
        finally:
            self._exchange.cut()
            self._hang_up()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> Message:
        """Send a request and return its raw result.

        Raises:
            MCPError: The server's error; NotDelivered, ConnectionClosed or REQUEST_TIMEOUT; or
                what went wrong with this request alone, in words.
            UnsendableMessage: The params are no JSON; nothing was sent.
        """
        options = cast("RequestOptions", opts or {})
        pending = self._exchange.register(options)
        posting: asyncio.Task[None] | None = None
        try:
            has_progress = options.get("on_progress") is not None
            body = rpc.encode(rpc.request(pending.id, method, params, has_progress=has_progress))
            # Beside the wait for the answer: that may come before the POST is acknowledged.
            posting = self._tasks.begin(self._deliver(pending, body, options.get("headers") or {}))
            async with asyncio.timeout(options.get("timeout")) as pending.deadline:
                return await pending.result()
        except TimeoutError:
            if self.closed.is_set():
                raise ConnectionClosed from None
            self._abandon(pending, options, "timeout")
            raise MCPError(REQUEST_TIMEOUT, f"{method} was not answered in time") from None
        except asyncio.CancelledError:
            self._abandon(pending, options, "cancelled by the client")
            raise
        finally:
            self._exchange.release(pending)
            if posting is not None:
                posting.cancel()

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification; dropped when the server is gone."""
        try:
            headers = (opts or {}).get("headers") or {}
            await self._post(rpc.notification(method, params), headers)
        except MCPError as error:
            log.debug("A notification was lost: %s", error)

    async def how_it_ended(self) -> str:
        """What became of the server, as far as it is known."""
        return self._why

    async def end(self, *, grace_seconds: float) -> None:  # noqa: ARG002 - nobody to wait for
        """Close the stream and give up what runs."""
        self._exchange.cut()
        self._hang_up()
        await self._tasks.end()
        await self._exchange.close()

    async def _wait_for_address(self, stream: aiohttp.ClientResponse) -> URL:
        async for chunk in stream.content.iter_any():
            self._endpoint.heard()
            events = self._parser.feed(chunk)
            for at, event in enumerate(events):
                if event.name == "endpoint":
                    self._early = events[at + 1 :]
                    return self._address(event.data)
        raise BrokenAnswer("it ended before it named an address")

    def _address(self, data: bytes) -> URL:
        try:
            address = self._endpoint.url.join(URL(data.decode()))
            is_same = address.origin() == self._endpoint.url.origin()
        except ValueError:
            raise BrokenAnswer("it names no valid address") from None
        if not is_same:  # our headers are meant for this server alone
            raise BrokenAnswer("it names an address on another origin")
        return address

    async def _read(self) -> None:
        if self._stream is None:
            raise RuntimeError("the wire has not been opened")
        for event in self._early:
            self._take(event)
        async for chunk in self._stream.content.iter_any():
            self._endpoint.heard()
            for event in self._parser.feed(chunk):
                self._take(event)

    def _take(self, event: Event) -> None:
        if event.name != "message" or not event.data:
            return
        try:
            message = read_message(event.data)
        except Unreadable:
            log.debug("An event of a server is no JSON.")
            return
        self._exchange.receive(message)

    async def _deliver(self, pending: Pending, body: bytes, stamped: Mapping[str, str]) -> None:
        try:
            await self._send(body, stamped)
        except MCPError as error:
            pending.fail(error)
            if isinstance(error, SessionUnknown):
                self._why = str(error.reason)
                self._exchange.cut()

    async def _post(self, message: Message, stamped: Mapping[str, str] | None = None) -> None:
        if self.closed.is_set():
            raise NotDelivered
        body = rpc.encode(message)
        try:
            async with asyncio.timeout(POST_SECONDS):
                await self._send(body, stamped or {})
        except TimeoutError:
            raise MCPError(REQUEST_TIMEOUT, "The message was not taken in time") from None

    async def _send(self, body: bytes, stamped: Mapping[str, str]) -> None:
        with in_words():
            response = await self._endpoint.post(body, stamped, to=self._post_url)
            try:
                if response.status >= 300:
                    await self._raise_for(response)
                await drain(response)
            finally:
                response.close()

    async def _raise_for(self, response: aiohttp.ClientResponse) -> None:
        error = await refusal_in(response)
        raise SessionUnknown if is_session_unknown(response.status, error) else error

    def _abandon(self, pending: Pending, options: RequestOptions, reason: str) -> None:
        is_wanted = options.get("cancel_on_abandon", True) and not pending.is_answered
        if is_wanted and not self.closed.is_set():
            cancelled = {"requestId": pending.id, "reason": reason}
            self._tasks.begin(self.notify("notifications/cancelled", cancelled))

    def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream.close()
