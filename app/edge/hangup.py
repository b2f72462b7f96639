"""Ending the work for a client that has gone, as pure ASGI middleware."""

import asyncio
import logging
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.edge.head import announces_body

log = logging.getLogger(__name__)

# Most requests are over before it is worth watching their clients.
PATIENCE_SECONDS = 0.05


class HangupGuard:
    """Cancels a request's task when its client leaves before it has the whole answer.

    An application that listens for `http.disconnect` at that moment is told and not cancelled:
    it ends its work in its own way, as Starlette's streams do.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, in the caller's own task: a task more would cost every request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watch = _Watch(scope, receive, send)
        try:
            await self._app(scope, watch.receive, watch.send)
        except asyncio.CancelledError:
            if not watch.is_the_only_reason():
                raise
            # Nobody is there to answer.
            log.debug("The client of %s %s has gone.", scope["method"], scope["path"])
        finally:
            watch.close()


class _Watch:
    """One request. It never makes two calls of the server's `receive` at once.

    Until the request has run for `PATIENCE_SECONDS` it only looks at the messages that pass.
    """

    __slots__ = (
        "_cancelled_before", "_has_body", "_has_cancelled", "_has_read", "_is_over",
        "_is_slow", "_listeners", "_owes_body", "_readers", "_receive", "_scope", "_send",
        "_task", "_timer", "_watcher",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request needs a task")
        self._scope, self._receive, self._send = scope, receive, send
        self._task = task
        self._cancelled_before = task.cancelling()
        self._watcher: asyncio.Task[Message] | None = None
        self._readers = self._listeners = 0
        self._has_read = self._has_body = self._owes_body = False
        self._is_slow = self._is_over = self._has_cancelled = False
        self._timer = task.get_loop().call_later(PATIENCE_SECONDS, self._on_slow)

    async def receive(self) -> Message:
        """The application's own call: the server's next message."""
        if self._watcher is not None:
            return await self._overhear(self._watcher)
        self._has_read = True
        self._readers += 1
        try:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._is_over = True  # the application knows
            self._has_body = not message.get("more_body", False)
            return message
        finally:
            self._readers -= 1
            if self._is_slow:
                self._watch_if_due()

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a part of the answer on; after the last one the client may go."""
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._is_over = True
        return self._send(message)

    def is_the_only_reason(self) -> bool:
        """Whether the task was cancelled for the client's sake, and by nobody else."""
        return self._has_cancelled and self._task.cancelling() <= self._cancelled_before + 1

    def close(self) -> None:
        """End the watch; a cancellation made here no longer counts (as in `asyncio.timeout`)."""
        self._is_over = True
        self._timer.cancel()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()  # its error remembers this object: neither must wait for a collection
        if self._has_cancelled:
            self._task.uncancel()

    def _on_slow(self) -> None:
        self._is_slow = True
        if not self._has_read and not announces_body(self._scope):
            # An application that never asks for the body of a GET shall be watched, too.
            self._has_body = self._owes_body = True
        self._watch_if_due()

    def _watch_if_due(self) -> None:
        if self._has_body and not (self._is_over or self._readers or self._watcher):
            self._watcher = self._task.get_loop().create_task(self._wait_for_disconnect())
            self._watcher.add_done_callback(self._on_end_of_watch)

    async def _wait_for_disconnect(self) -> Message:
        """What the server says at last; before it there may be empty remains of the body."""
        while True:
            message = await self._receive()
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
        if has_left and not self._is_over and not self._listeners:
            self._has_cancelled = True
            self._task.cancel()
