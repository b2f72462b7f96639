"""Streamable HTTP (MCP spec, Transports): every message is a POST, and its answer the response.

A request is made by its caller's own task, so that whatever goes wrong with it is nobody else's
trouble, and cancelling the caller closes the response.
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
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp.types import REQUEST_TIMEOUT
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from app.domain.launch import HttpLaunch
from app.sessions import rpc
from app.sessions.endpoint import (
    EVENT_STREAM,
    Endpoint,
    drain,
    is_json,
    is_session_unknown,
    read_json,
    refusal_in,
    session_id_of,
)
from app.sessions.exchange import Exchange, Message, Pending
from app.sessions.http_failures import BrokenAnswer, BrokenOff, SessionUnknown, in_words
from app.sessions.http_pool import HttpPool
from app.sessions.http_stream import MessageStream
from app.sessions.tasks import OwnedTasks
from app.sessions.wire import ConnectionClosed, RequestOptions

log = logging.getLogger(__name__)

NOTIFY_SECONDS = 10.0
CANCEL_SECONDS = 5.0
DELETE_SECONDS = 2.0
NO_ANSWER = (HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)


class HttpWire:
    """Requests and notifications to a server that is reached over streamable HTTP."""

    pid = None
    has_headers = True
    is_pinged = False

    def __init__(self, pool: HttpPool, launch: HttpLaunch) -> None:
        self._endpoint = Endpoint(pool, launch)
        self._exchange = Exchange(self, kind="streamable-http", send=self._reply)
        self._tasks = OwnedTasks()
        self._listening: asyncio.Task[None] | None = None
        self._is_lost = False
        self._why = "it was closed"
        self.closed = self._exchange.closed

    @property
    def last_heard(self) -> float:
        """When the server was last heard of."""
        return self._endpoint.last_heard

    async def open(self) -> None:
        """Check the address; the first request finds out who is there.

        Raises:
            CannotOpen: The address or a header is not valid.
        """
        self._endpoint.prepare()

    async def run(
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        on_notify_intercept: OnNotifyIntercept | None = None,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Receive what the answers carry until the wire is closed."""
        self._exchange.serve(on_request, on_notify, on_notify_intercept)
        task_status.started()
        try:
            await self.closed.wait()
        finally:
            if not self._is_lost:
                self._exchange.cut()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> Message:
        """Send a request and return its raw result.

        Raises:
            MCPError: The server's error; NotDelivered, ConnectionClosed, MessageTooBig, or
                REQUEST_TIMEOUT; or what went wrong with this request alone, in words.
            UnsendableMessage: The params are no JSON; nothing was sent.
        """
        options = cast("RequestOptions", opts or {})
        pending = self._exchange.register(options)
        is_modern = self._note_version(method, options) in MODERN_PROTOCOL_VERSIONS
        try:
            has_progress = options.get("on_progress") is not None
            body = rpc.encode(rpc.request(pending.id, method, params, has_progress=has_progress))
            async with asyncio.timeout(options.get("timeout")) as pending.deadline:
                await self._ask(pending, method, body, options.get("headers") or {})
                return await pending.result()
        except TimeoutError:
            if self.closed.is_set():
                raise ConnectionClosed from None
            self._abandon(pending, options, "timeout", is_modern=is_modern)
            raise MCPError(REQUEST_TIMEOUT, f"{method} was not answered in time") from None
        except asyncio.CancelledError:
            self._abandon(pending, options, "cancelled by the client", is_modern=is_modern)
            raise
        finally:
            self._exchange.release(pending)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification; dropped when the server cannot be reached."""
        options = cast("RequestOptions", opts or {})
        self._note_version(method, options)
        await self._tell(rpc.notification(method, params), options.get("headers") or {})
        if method == "notifications/initialized" and self._endpoint.session_id is not None:
            self._listening = self._listening or self._tasks.begin(self._listen())

    async def how_it_ended(self) -> str:
        """What became of the server, as far as it is known."""
        return self._why

    async def end(self, *, grace_seconds: float) -> None:
        """Give up what runs, and tell the server that the session is over."""
        if self._is_lost:
            await self._exchange.wait_for_callers()
        self._exchange.cut()
        await self._tasks.end()
        await self._exchange.close()
        if self._endpoint.session_id is None:
            return
        try:
            async with asyncio.timeout(min(DELETE_SECONDS, grace_seconds)):
                with in_words():
                    await self._endpoint.delete()
        except (MCPError, TimeoutError) as error:
            log.debug("A server was not told that its session is over: %s", error)
        self._endpoint.session_id = None

    def _note_version(self, method: str, options: RequestOptions) -> str | None:
        """The protocol version the message goes out with; later ones without any repeat it."""
        endpoint = self._endpoint
        if method == "initialize":  # what was agreed on before does not hold for it
            endpoint.version = endpoint.session_id = None
        stamped = (options.get("headers") or {}).get(MCP_PROTOCOL_VERSION_HEADER)
        if stamped is not None:
            endpoint.version = stamped
        return endpoint.version

    async def _ask(
        self, pending: Pending, method: str, body: bytes, stamped: Mapping[str, str]
    ) -> None:
        """Make the request, and read until its answer is there."""
        stream: MessageStream | None = None
        try:
            with in_words():
                response = await self._endpoint.post(body, stamped)
                try:
                    if response.status in NO_ANSWER or response.status >= 300:
                        await self._raise_for(response)
                    if method == "initialize":
                        self._endpoint.session_id = session_id_of(response)
                    if response.content_type == EVENT_STREAM:
                        stream = MessageStream(self._endpoint, self._exchange, pending)
                        await stream.read(response)
                    else:
                        await self._read_answer(response, pending)
                finally:
                    self._let_go(response, pending)
        except BrokenOff:
            if stream is None or not stream.last_id:
                raise
        if stream is not None and not pending.is_answered:
            await self._resume(stream)

    async def _read_answer(self, response: aiohttp.ClientResponse, pending: Pending) -> None:
        if not is_json(response):
            kind = response.content_type[:100]
            raise BrokenAnswer(f"It answered with {kind!r}, which is neither JSON nor events")
        self._exchange.receive(await read_json(response), pending)
        if not pending.is_answered:
            raise BrokenAnswer("It answered, but not this request")

    async def _resume(self, stream: MessageStream) -> None:
        if self._endpoint.version in MODERN_PROTOCOL_VERSIONS:
            stream.last_id = ""  # there is no taking up again since 2026-07-28
        try:
            await stream.resume()
        except MCPError as error:
            if is_session_unknown(stream.refused_with, error):
                self._lose_session()
                raise ConnectionClosed from None
            raise

    async def _raise_for(self, response: aiohttp.ClientResponse) -> None:
        """Turn an answer that is no success into the error of its request.

        Raises:
            SessionUnknown: The wire is closed then, too.
            MCPError: Anything else.
        """
        if response.status < 300:
            raise BrokenAnswer(f"It took the request without an answer (HTTP {response.status})")
        error = await refusal_in(response)
        had_session = self._endpoint.session_id is not None or self._is_lost
        if had_session and is_session_unknown(response.status, error):
            raise self._lose_session()
        raise error

    def _lose_session(self) -> SessionUnknown:
        """Take no more requests; those on their way have yet to hear the same from the server."""
        error = SessionUnknown()
        self._endpoint.session_id = None
        self._is_lost = True
        self._why = str(error.reason)
        self.closed.set()
        return error

    def _let_go(self, response: aiohttp.ClientResponse, pending: Pending | None) -> None:
        """Close the response; one that is as good as over is read out, to keep its connection."""
        is_answered = pending is None or pending.is_answered
        if is_answered and not response.content.is_eof() and not self.closed.is_set():
            draining = self._tasks.begin(drain(response))
            if draining is not None:
                # Not only in the task: it may be cancelled before it has begun.
                draining.add_done_callback(lambda _: response.close())
                return
        response.close()

    def _abandon(
        self, pending: Pending, options: RequestOptions, reason: str, *, is_modern: bool
    ) -> None:
        """Tell the server that nobody waits any more; since 2026-07-28 hanging up says that."""
        is_wanted = options.get("cancel_on_abandon", True) and not pending.is_answered
        if is_wanted and not is_modern and not self.closed.is_set():
            message = rpc.cancelled(pending.id, reason)
            self._tasks.begin(self._tell(message, {}, seconds=CANCEL_SECONDS))

    async def _reply(self, message: Message) -> None:
        await self._tell(message, {})

    async def _tell(
        self, message: Message, stamped: Mapping[str, str], *, seconds: float = NOTIFY_SECONDS
    ) -> None:
        """Send what needs no answer, if it can be sent.

        Raises:
            UnsendableMessage: It is no JSON.
        """
        if self.closed.is_set():
            return
        body = rpc.encode(message)
        try:
            async with asyncio.timeout(seconds):
                with in_words():
                    response = await self._endpoint.post(body, stamped)
                    try:
                        if response.status >= 300:
                            await self._raise_for(response)
                    finally:
                        self._let_go(response, None)
        except (MCPError, TimeoutError) as error:
            log.debug("A message to a server was lost: %s", error)

    async def _listen(self) -> None:
        stream = MessageStream(self._endpoint, self._exchange)
        try:
            await stream.listen()
        except MCPError as error:
            log.debug("A server has no stream of its own: %s", error)
            if stream.has_been_open and is_session_unknown(stream.refused_with, error):
                self._lose_session()
