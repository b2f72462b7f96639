"""HTTP/1.1 with bounds on heads that uvicorn's fast parser lacks, and JSON for what is no HTTP."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from itertools import chain
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.cli.answering import Answering
from app.cli.gathered import GatheredWrites
from app.domain.errors import ErrorCode

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 200
HEAD_SECONDS = 30.0
# So long what a refused client still sends is read, and thrown away.
LINGER_SECONDS = 1.0


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection on which no head comes in time, one that is too large, or no HTTP."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bytes_of_head = 0
        self._is_in_head = True
        self._is_refused = False
        self._closes_after_body = False
        self._timer: asyncio.TimerHandle | None = None
        # Requests before the latest one that are still at work: a client may send several at once.
        self._earlier: list[RequestResponseCycle] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        gathered: Any = GatheredWrites(transport)
        super().connection_made(gathered)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more, and tell every request; uvicorn tells the latest one only."""
        self._stop_waiting()
        for cycle in self._earlier:
            _tell_gone(cycle)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too large."""
        if self._is_refused:
            return
        if self._is_in_head:
            self._bytes_of_head += len(data)
        super().data_received(data)
        if self._bytes_of_head and not self._is_refused:  # of a head that is not whole yet
            if self._bytes_of_head > MAX_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            elif self._timer is None:
                self._wait_for_head()

    def on_headers_complete(self) -> None:
        """The head is there; the request begins if it is acceptable."""
        self._is_in_head = False
        self._bytes_of_head = 0
        self._stop_waiting()
        size = len(self.url) + sum(map(len, chain.from_iterable(self.headers)))
        if size > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            before: RequestResponseCycle | None = self.cycle
            if before is not None and not before.response_complete:
                self._earlier = [c for c in self._earlier if not c.response_complete] + [before]
            super().on_headers_complete()
            # A WebSocket's handshake is no request, and the cycle is still that of the one before.
            begun: RequestResponseCycle | None = self.cycle
            if begun is not None and begun is not before:
                begun.__class__ = Answering  # uvicorn makes it, and takes no other class
                if not begun.keep_alive:
                    late: Any = _ClosedLate(self.transport, self.close_after_body)
                    begun.transport = late

    def on_body(self, body: bytes) -> None:
        """A part of the body; for one that was answered before its end there is not for ever."""
        if self._is_refused:
            return
        if getattr(self.cycle, "response_complete", False) and self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self.transport.close)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The next head may come; until it begins uvicorn counts the time."""
        self._is_in_head = True
        self._stop_waiting()
        if not self._is_refused:
            super().on_message_complete()
        if self._closes_after_body:
            self.transport.close()

    def close_after_body(self) -> None:
        """Close the connection as soon as the request is here to its end, or its time is up.

        TCP takes back what the client has not read yet when a connection is closed on which more
        comes in: an answer that is given before the body's end, such as 413 (RFC 9112, 9.6).
        """
        if self._is_in_head:
            self.transport.close()
        else:
            self._closes_after_body = True

    def break_off(self) -> bool:
        """Close the connection if it is in the middle of an answer; whether it was."""
        has_begun = getattr(self.cycle, "response_started", False)  # there may be no request yet
        is_amid: bool = has_begun and not self.cycle.response_complete
        if is_amid:
            self.transport.close()
        return is_amid

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """What came is no HTTP; uvicorn would say so in plain text."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(
            self.head_seconds, self._refuse, HTTPStatus.REQUEST_TIMEOUT
        )

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer, if nobody is answering, and close."""
        self._stop_waiting()
        self._is_refused = True
        if self.transport.is_closing():
            return
        if self._leave_requests():
            body = orjson.dumps({"success": False, **_WORDS[status]})
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self._close_in_stages()

    def _close_in_stages(self) -> None:
        """Say that nothing more comes, and close a moment later.

        A client that is still sending would otherwise lose the answer (RFC 9112, section 9.6).
        """
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _leave_requests(self) -> bool:
        """Tell those at work that their client has left; whether it can be answered in their place.

        It can where a body is still to come and nothing was sent, or nobody is at work.
        """
        latest: RequestResponseCycle | None = self.cycle  # there may have been no request yet
        all_of_them = self._earlier if latest is None else [*self._earlier, latest]
        at_work = [cycle for cycle in all_of_them if not cycle.response_complete]
        for cycle in at_work:
            _tell_gone(cycle)
        return not any(cycle.response_started or not cycle.more_body for cycle in at_work)


class _ClosedLate(GatheredWrites):
    """The transport of a request after which the connection ends, in good time."""

    __slots__ = ("_close",)

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        super().__init__(transport)
        self._close = close

    def close(self) -> None:
        """Close in good time."""
        self._close()


def _tell_gone(cycle: RequestResponseCycle) -> None:
    """The request's client is there no more: nothing is sent to it from now on."""
    cycle.disconnected = True
    cycle.message_event.set()


_WORDS = {
    HTTPStatus.BAD_REQUEST: {
        "error": "That is no request of HTTP/1.1. "
        "Is the address one of https:// where the client says http://, or the other way round?",
        "code": ErrorCode.INVALID_INPUT.value,
    },
    HTTPStatus.REQUEST_TIMEOUT: {
        "error": "No request came in time.",
        "code": ErrorCode.REQUEST_TIMEOUT.value,
    },
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: {
        "error": f"The request's head may have {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} headers.",
        "code": ErrorCode.PAYLOAD_TOO_LARGE.value,
    },
}
