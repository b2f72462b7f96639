"""HTTP/1.1 with bounds on heads that uvicorn's fast parser lacks, and JSON for what is no HTTP."""

import asyncio
from collections import deque
from http import HTTPStatus
from itertools import chain
from typing import Any

import orjson
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.cli.answering import Answering
from app.cli.gathered import GatheredWrites
from app.cli.known_heads import KnownHeads, describe
from app.domain.errors import ErrorCode

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 200
HEAD_SECONDS = 30.0
# So long what a refused client still sends is read, and thrown away.
LINGER_SECONDS = 1.0


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection on which no head comes in time, one that is too large, or no HTTP."""

    head_seconds = HEAD_SECONDS
    cycle: Any  # the latest request, an Answering; None before the first
    scope: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bytes_of_head = 0
        self._is_in_head = self._is_between = True
        self._is_refused = False
        self._closes_after_body = False
        self._heads = 0  # read in the data at hand
        self._timer: asyncio.TimerHandle | None = None
        self._idle_since: float | None = None
        self._known = KnownHeads()
        # Requests before the latest one that are still at work: a client may send several at once.
        self._earlier: list[Answering] = []
        self._queued: deque[tuple[Answering, Scope]] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        gathered: Any = GatheredWrites(transport)
        super().connection_made(gathered)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more, and tell every request."""
        self._stop_waiting()
        for one in self._requests():
            one.leave()
        self._earlier, self.cycle = [], None
        super()._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too large."""
        if self._is_refused:
            return
        is_new, self._idle_since = self._is_between and not self._bytes_of_head, None
        if is_new and self._is_free() and (found := self._known.find(data)) is not None:
            scope, body = found
            self._begin(scope, keep_alive=True, wants_continue=False).take_whole(body)
            return
        if self._is_in_head:
            self._bytes_of_head += len(data)
        self._heads = 0
        super().data_received(data)
        if is_new and self._is_between and self._heads == 1 and self._stays():
            self._known.add(self.scope, data)
        if self._bytes_of_head and not self._is_refused:  # of a head that is not whole yet
            if self._bytes_of_head > MAX_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            elif self._timer is None:
                self._wait_for_head()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._is_between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; the request begins if it is acceptable."""
        self._is_in_head = False
        self._bytes_of_head = 0
        self._heads += 1
        self._stop_waiting()
        size = len(self.url) + sum(map(len, chain.from_iterable(self.headers)))
        if size > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self.scope["method"] = self.parser.get_method().decode("ascii")
        if not self._is_handshake():
            version = self.parser.get_http_version()
            describe(self.scope, version, self.url)
            keeps = version != "1.0" and self.parser.should_keep_alive()
            self._begin(self.scope, keep_alive=keeps, wants_continue=self.expect_100_continue)

    def on_body(self, body: bytes) -> None:
        """A part of the body; for one that was answered before its end there is not for ever."""
        if self._is_refused or self._is_handshake():
            return
        if not self.cycle.response_complete:
            self.cycle.take_in(body)
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def on_message_complete(self) -> None:
        """The next head may come; until it begins the idle time counts."""
        self._is_in_head = self._is_between = True
        self._stop_waiting()
        if not (self._is_refused or self._is_handshake()):
            self.cycle.end_body()
        if self._closes_after_body:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Begin with the next request that is here, or wait for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self._queued:
            self._start(*self._queued.popleft())
        else:
            self._idle_since = self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._look_later(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it has been idle for long enough.

        The timer is not set anew for each request: it looks how long it has been.
        """
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return  # the end of the request that is at work sets it again
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_later(left)
        else:
            super().timeout_keep_alive_handler()

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
        latest: Answering | None = self.cycle
        if latest is None or latest.response_complete or not latest.response_started:
            return False
        self.transport.close()
        return True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """What came is no HTTP; uvicorn would say so in plain text."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _unset_keepalive_if_required(self) -> None:
        """Leave the timer: see `timeout_keep_alive_handler`."""

    def _look_later(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _begin(self, scope: Scope, *, keep_alive: bool, wants_continue: bool) -> Answering:
        """The latest request, which begins as soon as those before it are answered."""
        before: Answering | None = self.cycle
        latest = self.cycle = Answering(
            self, scope["method"], keep_alive=keep_alive, wants_continue=wants_continue
        )
        if before is None or before.response_complete:
            self._start(latest, scope)
        else:
            self._earlier = [one for one in self._earlier if not one.response_complete] + [before]
            self.flow.pause_reading()
            self._queued.append((latest, scope))
        return latest

    def _start(self, one: Answering, scope: Scope) -> None:
        one.task = self.loop.create_task(one.run(self.app, scope))
        self.tasks.add(one.task)

    def _is_free(self) -> bool:
        """Whether a request that comes now is the only one, and not the last."""
        latest: Answering | None = self.cycle
        return latest is None or (latest.response_complete and latest.keep_alive)

    def _stays(self) -> bool:
        """Whether the latest request is not the last."""
        latest: Answering | None = self.cycle
        return not self._is_refused and latest is not None and latest.keep_alive

    def _is_handshake(self) -> bool:
        """Whether this is no request, but a WebSocket's beginning."""
        is_asked: bool = self.parser.should_upgrade() and self._should_upgrade()
        return is_asked

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
        at_work = [one for one in self._requests() if not one.response_complete]
        for one in at_work:
            one.leave()
        return not any(one.response_started or not one.more_body for one in at_work)

    def _requests(self) -> list[Answering]:
        """Those that may be at work."""
        latest: Answering | None = self.cycle
        return self._earlier if latest is None else [*self._earlier, latest]


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
