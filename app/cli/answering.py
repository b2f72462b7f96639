"""One request of a connection, and its answer: made, checked and written as a whole."""

import asyncio
import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Scope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from app.edge.headers import RawHeader
from app.edge.own_server import set_own_server

log = logging.getLogger(__name__)

# What a header may not hold (RFC 9110, section 5.5); a line break would begin another one.
CONTROLS = bytes((*range(0x09), *range(0x0A, 0x20), 0x7F))
LINE_BREAK = b"\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE: RawHeader = (b"connection", b"close")
PLAIN: RawHeader = (b"content-type", b"text/plain; charset=utf-8")
WITHOUT_BODY = (204, 304)
FAILED = b"Internal Server Error"


class Connection(Protocol):
    """What a request needs of its connection."""

    transport: Any  # with what GatheredWrites has besides
    tasks: set[asyncio.Task[None]]
    flow: FlowControl
    server_state: ServerState

    def close_after_body(self) -> None:
        """Close in good time."""

    def on_response_complete(self) -> None:
        """The answer is whole."""


class Answering:
    """A request and its answer, as ASGI has them and as an `OwnServer`; in place of uvicorn's."""

    __slots__ = (
        "_connection", "_has_news", "_is_chunked", "_is_head", "_left", "_parts", "_size",
        "_wake", "_wants_continue", "disconnected", "keep_alive", "more_body",
        "response_complete", "response_started", "task",
    )  # fmt: skip

    task: asyncio.Task[None]

    def __init__(
        self, connection: Connection, method: str, *, keep_alive: bool, wants_continue: bool
    ) -> None:
        self._connection = connection
        self._is_head = method == "HEAD"
        self._wants_continue = wants_continue
        self._parts: list[bytes] = []
        self._wake: asyncio.Event | None = None
        self._has_news = self._is_chunked = False
        self._size = self._left = 0
        self.keep_alive, self.more_body = keep_alive, True
        self.disconnected = self.response_started = self.response_complete = False

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Let the application answer; to be called in `task`."""
        set_own_server(scope, self)
        try:
            await app(scope, self.receive, self.send)
        except Exception:
            log.exception("The application failed at a request.")
        finally:
            self._connection.tasks.discard(self.task)
            if not (self.response_complete or self.disconnected):
                self._give_up()

    def take_in(self, body: bytes) -> None:
        """More of the body has come."""
        self._parts.append(body)
        self._size += len(body)
        if self._size > HIGH_WATER_LIMIT:
            self._connection.flow.pause_reading()
        self._tell()

    def take_whole(self, body: bytes) -> None:
        """The whole body has come, at once."""
        self._parts.append(body)
        self.more_body, self._has_news = False, True

    def end_body(self) -> None:
        """The body has come to its end."""
        self.more_body = False
        self._tell()

    def leave(self) -> None:
        """The client is there no more: nothing is sent to it from now on."""
        if not self.response_complete:
            self.disconnected = True
            self._tell()

    async def receive(self) -> Message:
        """What has come of the body, or that nothing more is to be done."""
        if self._wants_continue and not self.response_started:
            self._wants_continue = False
            self._connection.transport.write(CONTINUE)
        self._connection.flow.resume_reading()
        while not (self._has_news or self.disconnected or self.response_complete):
            if self._wake is None:
                self._wake = asyncio.Event()
            await self._wake.wait()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self._taken(), "more_body": self.more_body}

    def take_body(self) -> bytes | None:
        """See `OwnServer`."""
        if self.more_body or not self._has_news or self.disconnected:
            return None
        if self._connection.flow.read_paused:
            self._connection.flow.resume_reading()
        return self._taken()

    async def send(self, message: Message) -> None:
        """Send a part of the answer; names of headers are in lower case, as ASGI demands."""
        if self._connection.flow.write_paused and not self.disconnected:
            await self._connection.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self._begin(message["status"], message.get("headers", ()))
        elif kind == "http.response.body" and self.response_started and not self.response_complete:
            self._go_on(message.get("body", b""), has_more=message.get("more_body", False))
        else:
            raise RuntimeError(f"the answer cannot go on with {kind!r}")

    def takes_whole(self) -> bool:
        """See `OwnServer`."""
        is_new = not (self.response_started or self._is_head)
        return is_new and not self._connection.flow.write_paused

    def answer(
        self, status: int, usual: tuple[RawHeader, ...], request_id: RawHeader, body: bytes
    ) -> None:
        """See `OwnServer`."""
        if self.disconnected:
            return
        first = _usual_lines((*self._connection.server_state.default_headers, *usual))
        last = b"" if self.keep_alive else _usual_lines((CLOSE,))
        own = b"content-length: %d\r\n%b: %b\r\n" % (len(body), *request_id)
        head = b"%b%b%b%b\r\n" % (STATUS_LINE[status], first, own, last)
        self.response_started = True
        self._connection.transport.write_both(head, body)
        self._complete()

    def _tell(self) -> None:
        self._has_news = True
        if self._wake is not None:
            self._wake.set()
            self._wake = None

    def _taken(self) -> bytes:
        body = b"".join(self._parts)
        self._parts.clear()
        self._size, self._has_news = 0, False
        return body

    def _begin(self, status: int, headers: Iterable[RawHeader]) -> None:
        given = [*self._connection.server_state.default_headers, *headers]
        given += self._framing(status, dict(given))
        head = b"%b%b\r\n" % (STATUS_LINE[status], _lines(given))
        self.response_started = True
        if self._is_chunked or self._is_head:
            self._connection.transport.write(head)
        else:
            self._connection.transport.hold(head)

    def _framing(self, status: int, given: dict[bytes, bytes]) -> list[RawHeader]:
        """Find out where the answer and the connection end, and the headers that tell it."""
        more: list[RawHeader] = []
        if b"content-length" in given:
            self._left = int(given[b"content-length"])
        elif not self._is_head and status not in WITHOUT_BODY:
            self._is_chunked = True
            more.append((b"transfer-encoding", b"chunked"))
        if given.get(b"connection", b"").lower() == b"close":
            self.keep_alive = False
        elif not self.keep_alive:
            more.append(CLOSE)
        return more

    def _go_on(self, body: bytes, *, has_more: bool) -> None:
        if self._is_head:
            self._left = 0
        elif self._is_chunked:
            part = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            self._connection.transport.write(part if has_more else part + b"0\r\n\r\n")
        else:
            self._left -= len(body)
            if self._left < 0:
                raise RuntimeError("the answer is longer than its content-length")
            self._connection.transport.write(body)
        if not has_more:
            if self._left:
                raise RuntimeError("the answer is shorter than its content-length")
            self._complete()

    def _complete(self) -> None:
        self.response_complete = True
        self._tell()
        if not self.keep_alive:
            self._connection.close_after_body()
        self._connection.on_response_complete()

    def _give_up(self) -> None:
        """End what the application has left without an answer, or in the middle of one."""
        if self.response_started:
            self._connection.transport.close()
        else:
            self._begin(500, [PLAIN, (b"content-length", b"%d" % len(FAILED)), CLOSE])
            self._go_on(FAILED, has_more=False)


def _lines(headers: Iterable[RawHeader]) -> bytes:
    """The headers as they go over the wire."""
    given = [*headers]
    lines = LINE_BREAK.join(map(b": ".join, given)) + LINE_BREAK
    if len(lines) - len(lines.translate(None, CONTROLS)) != 2 * len(given):
        raise RuntimeError("a header has a control character")
    return lines


@lru_cache(maxsize=64)
def _usual_lines(headers: tuple[RawHeader, ...]) -> bytes:
    """The same of headers that many answers have."""
    return _lines(headers)
