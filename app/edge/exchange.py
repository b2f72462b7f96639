"""One request and its answer, between the server and the doors."""

import asyncio
import logging
from collections.abc import Awaitable

from starlette.types import Message, Receive, Scope, Send

from app.domain.errors import AppError
from app.edge.bodies import Bodies
from app.edge.envelope import shutting_down
from app.edge.head import head_of
from app.edge.headers import KEPT_PATHS, RawHeader, answer_headers, usual_headers
from app.edge.own_server import own_server_of
from app.edge.request_id import name_request
from app.lookout import Lookout

log = logging.getLogger(__name__)


class Exchange:
    """The only `receive` and `send` between the server and the doors.

    What is received is counted, and what is sent gets the headers of every answer. A request that
    runs longer than most is watched.
    """

    __slots__ = (
        "_bodies", "_cancelled_before", "_lookout", "_request_id", "_send", "_server", "_size",
        "_task", "_watch", "has_read", "has_started", "has_whole_body", "head", "is_over",
        "readers", "scope", "server_receive",
    )  # fmt: skip

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, bodies: Bodies, lookout: Lookout
    ) -> None:
        self.scope, self.server_receive, self._send = scope, receive, send
        self._bodies = bodies
        self._lookout = lookout
        self._server = own_server_of(scope)
        self.head = head_of(scope)
        self._request_id = name_request(scope, self.head)
        self._size = self.readers = 0
        self.has_read = self.has_whole_body = self.has_started = self.is_over = False
        self._watch: _Watch | None = None

    def begin(self) -> None:
        """Let a door work on it: from now on the client's leaving ends this task's work."""
        task = asyncio.current_task() if self._server is None else self._server.task
        if task is None:
            raise RuntimeError("a request needs a task")
        self._task = task
        self._cancelled_before = task.cancelling()
        self._lookout.watch(self)

    async def receive(self) -> Message:
        """The application's own call: the server's next message.

        Raises:
            AppError: PAYLOAD_TOO_LARGE.
        """
        if self._watch is not None and (overheard := self._watch.overhear()) is not None:
            return await overheard
        self.has_read = True
        self.readers += 1
        try:
            message = await self.server_receive()
            if message["type"] == "http.disconnect":
                self.is_over = True  # the application knows
            elif not self.has_whole_body:
                self._count(message)
            return message
        finally:
            self.readers -= 1
            if self._watch is not None:
                self._watch.begin_if_due()

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a part of the answer on; after the last one the client may go."""
        kind = message["type"]
        if kind == "http.response.start":
            self.has_started = True
            given = message.get("headers", ())
            message["headers"] = answer_headers(given, self.scope, self._request_id)
        elif kind == "http.response.body" and not message.get("more_body", False):
            self.is_over = True
        return self._send(message)

    def take_body(self) -> bytes | None:
        """See `AtOnce`."""
        if self._server is None or self._watch is not None or self.has_read:
            return None
        body = self._server.take_body()
        if body is not None:
            if len(body) > self._bodies.limit:
                raise self._bodies.too_large()
            self.has_read = self.has_whole_body = True
        return body

    def takes_whole(self, send: Send) -> bool:
        """See `AtOnce`; CORS, compression and their like bring a `send` of their own."""
        return self._server is not None and send == self.send and self._server.takes_whole()

    def answer(self, status: int, content_type: RawHeader, body: bytes) -> None:
        """See `AtOnce`."""
        self.has_started = self.is_over = True
        if self._server is None:
            raise RuntimeError("the server takes no whole answers")
        usual = usual_headers(
            content_type,
            is_kept=self.scope["path"].startswith(KEPT_PATHS),
            is_strict=self.scope["scheme"] == "https",
        )
        self._server.answer(status, usual, self._request_id, body)

    def reason_of_cancellation(self) -> AppError | None:
        """What the client is told of it; None where no client is there any more."""
        ours = 0 if self._watch is None else self._watch.cancellations
        if not ours or self._task.cancelling() > self._cancelled_before + ours:
            # Only a stop of the whole server cancels a request, when its time to finish is up.
            return shutting_down()
        if self.has_whole_body:
            log.debug("The client of %s %s has gone.", self.scope["method"], self.scope["path"])
            return None
        return self._bodies.too_slow()

    def on_late(self) -> None:
        """It has run for so long that its client is worth watching."""
        self._watch = _Watch(self, self._task, self._bodies.seconds - self._lookout.seconds)

    def close(self) -> None:
        """End the watch; a cancellation made by it no longer counts (as in `asyncio.timeout`)."""
        self.is_over = True
        self._lookout.forget(self)
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def _count(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        if self._size > self._bodies.limit:
            raise self._bodies.too_large()
        self.has_whole_body = not message.get("more_body", False)


class _Watch:
    """Cancels a request's task when its client leaves, or its body is waited for and does not come.

    An application that listens for `http.disconnect` at that moment is told and not cancelled:
    it ends its work in its own way, as Starlette's streams do. No two calls of the server's
    `receive` are made at once.
    """

    __slots__ = (
        "_exchange", "_is_late", "_listeners", "_loop", "_owes_body", "_task", "_timer", "_watcher",
        "cancellations",
    )  # fmt: skip

    def __init__(self, exchange: Exchange, task: asyncio.Task[object], seconds: float) -> None:
        self._exchange, self._task = exchange, task
        self._loop = task.get_loop()
        self._watcher: asyncio.Task[Message] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._listeners = self.cancellations = 0
        self._is_late = False
        # An application that never asks for the body of a GET shall be watched, too.
        self._owes_body = not exchange.has_read and not exchange.head.announces_body
        if self._owes_body:
            exchange.has_whole_body = True
        if not exchange.has_whole_body:
            self._timer = self._loop.call_later(max(0.0, seconds), self._on_late)
        self.begin_if_due()

    def begin_if_due(self) -> None:
        """Wait for the client's end from now on, if nothing else is to come from it."""
        at = self._exchange
        if at.has_whole_body and not (at.is_over or at.readers or self._watcher):
            self._watcher = self._loop.create_task(self._wait_for_disconnect())
            self._watcher.add_done_callback(self._on_end_of_watch)

    def overhear(self) -> Awaitable[Message] | None:
        """The message that is waited for already; None where the application may ask itself."""
        if self._watcher is not None:
            return self._overhear(self._watcher)
        if self._is_late:
            self._loop.call_soon(self._on_late)  # what is there by now is taken
        return None

    def close(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()  # its error remembers this object: neither must wait for a collection
        for _ in range(self.cancellations):
            self._task.uncancel()

    async def _wait_for_disconnect(self) -> Message:
        """What the server says at last; before it there may be empty remains of the body."""
        while True:
            message = await self._exchange.server_receive()
            if message["type"] == "http.disconnect":
                return message

    async def _overhear(self, watcher: asyncio.Task[Message]) -> Message:
        if self._owes_body:
            self._owes_body = False
            return {"type": "http.request", "body": b"", "more_body": False}
        self._listeners += 1
        try:
            return await asyncio.shield(watcher)
        finally:
            self._listeners -= 1

    def _on_end_of_watch(self, watcher: asyncio.Task[Message]) -> None:
        has_left = not watcher.cancelled() and watcher.exception() is None
        if has_left and not self._exchange.is_over and not self._listeners:
            self._cancel()

    def _on_late(self) -> None:
        self._is_late = True
        if self._exchange.readers and not self._exchange.has_whole_body:
            self._cancel()

    def _cancel(self) -> None:
        self.cancellations += 1
        self._task.cancel()
