"""Requests that wait and messages that come in: what all transports have in common."""

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, cast

from mcp.shared.dispatcher import (
    CallOptions,
    DispatchContext,
    OnNotify,
    OnNotifyIntercept,
    OnRequest,
    Outbound,
    ProgressFnT,
    run_notify_intercept,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.transport_context import TransportContext
from mcp.types import INTERNAL_ERROR, RequestId

from app.sessions.inbound import InboundMessage
from app.sessions.rpc import error_of, key_of
from app.sessions.wire import ConnectionClosed, NotDelivered, RequestOptions, UnsendableMessage

log = logging.getLogger(__name__)

# Handlers of server requests and notifications at work at once; more are dropped.
MAX_HANDLERS = 256
# Reports of one request's progress that its receiver has not taken yet; older ones are dropped.
MAX_REPORTS = 256
# How long callers whose requests have failed, or are about to, are given to notice it.
NOTICE_SECONDS = 1.0

Message = dict[str, Any]
Report = tuple[float, float | None, str | None]


@dataclass(slots=True, eq=False)
class Pending:
    """A request that waits for its answer."""

    id: RequestId
    key: RequestId
    answer: asyncio.Future[Message]
    options: CallOptions
    # Where the request is made by its caller's own task: what interrupts that task.
    deadline: asyncio.Timeout | None = None
    reports: deque[Report] | None = None
    reporter: asyncio.Task[None] | None = None

    @property
    def is_answered(self) -> bool:
        """Whether there is a result or an error; a caller that gave up is neither."""
        return self.answer.done() and not self.answer.cancelled()

    def is_answered_by(self, message: Message) -> bool:
        """Whether the answer is to this request; an error may come before its id was read."""
        given = message.get("id")
        return key_of(given) == self.key or (given is None and "error" in message)

    def settle(self, message: Message) -> None:
        """Take the answer; the first one counts."""
        if self.answer.done():
            log.debug("A server answered a request twice.")
        elif type(result := message.get("result")) is dict:
            self.answer.set_result(result)
        else:
            self.fail(error_of(message.get("error")))

    def fail(self, error: MCPError) -> None:
        """Let the caller have the error, unless there is an answer."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # or asyncio complains of one that nobody looked at

    async def result(self) -> Message:
        """The answer, once all progress before it has been handed on."""
        result = await self.answer
        if self.reporter is not None:
            await asyncio.wait({self.reporter})
        return result


class Exchange:
    """The pending requests of one connection, and the handlers of what the server sends.

    `send` writes an answer of ours to the server; it may raise MCPError.
    """

    def __init__(
        self, connection: Outbound, *, kind: str, send: Callable[[Message], Awaitable[None]]
    ) -> None:
        self._connection = connection
        self._send = send
        self._transport = TransportContext(kind=kind, can_send_request=True)
        self._ids = itertools.count(1)
        self._handlers: set[asyncio.Task[None]] = set()
        self._is_flooded = False  # since the handlers were last all done
        self._on_request: OnRequest | None = None
        self._on_notify: OnNotify | None = None
        self._intercept: OnNotifyIntercept | None = None
        self.pending: dict[RequestId, Pending] = {}
        self.closed = asyncio.Event()
        self._is_cut = False
        self._emptied: asyncio.Event | None = None  # made by who waits for it
        self._loop = asyncio.get_running_loop()

    def serve(
        self, on_request: OnRequest, on_notify: OnNotify, intercept: OnNotifyIntercept | None
    ) -> None:
        """Hand what the server sends to these from now on."""
        self._on_request, self._on_notify, self._intercept = on_request, on_notify, intercept

    def register(self, options: CallOptions) -> Pending:
        """A place for a request's answer; `release` it in any case.

        Raises:
            NotDelivered: The connection is closed.
            ValueError: The caller's request id is in use.
        """
        if self.closed.is_set():
            raise NotDelivered
        key: RequestId
        request_id = options.get("request_id")
        if request_id is None:
            request_id = next(self._ids)
            while request_id in self.pending:
                request_id = next(self._ids)
            key = request_id
        elif (key := key_of(request_id)) in self.pending:
            raise ValueError(f"the request id {request_id!r} is in use")
        answer: asyncio.Future[Message] = self._loop.create_future()
        pending = Pending(request_id, key, answer, options)
        self.pending[key] = pending
        return pending

    def release(self, pending: Pending) -> None:
        """Forget a request."""
        del self.pending[pending.key]
        pending.answer.cancel()
        if pending.reporter is not None:
            pending.reporter.cancel()
        if self._emptied is not None and not self.pending:
            self._emptied.set()

    def receive(self, message: object, origin: Pending | None = None) -> None:
        """Take a message in; `origin` is the request on whose own stream it came, if on one."""
        if type(message) is not dict:
            self._receive_all(message, origin)
            return
        method = message.get("method")
        if type(method) is not str:
            self._settle(message, origin)
            return
        params = message.get("params")
        params = params if isinstance(params, dict) else None
        if "id" in message:
            self._handle(self._answer(message["id"], method, params))
        else:
            self._hear(method, params, origin)

    async def close(self) -> None:
        """Fail what waits, and wait until nothing is at work any more."""
        self.cut()
        await self.wait_for_callers()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def wait_for_callers(self) -> None:
        """Wait, a moment at most, until nobody waits for an answer; for a closed connection."""
        if self.pending:
            self._emptied = self._emptied or asyncio.Event()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(NOTICE_SECONDS):
                    await self._emptied.wait()

    def cut(self) -> None:
        """Fail what waits, at once; nothing is sent any more."""
        if self._is_cut:
            return
        self._is_cut = True
        self.closed.set()
        for pending in self.pending.values():
            if pending.reporter is not None:
                pending.reporter.cancel()
            if pending.answer.done():
                continue
            pending.fail(ConnectionClosed())
            if pending.deadline is not None:
                with contextlib.suppress(RuntimeError):  # it is running out already
                    pending.deadline.reschedule(0)
        for task in self._handlers:
            task.cancel()

    def _receive_all(self, batch: object, origin: Pending | None) -> None:
        """Take in a batch, which revision 2025-03-26 had; none may lie in another."""
        if not isinstance(batch, list):
            log.debug("A server sent what is no JSON-RPC message.")
            return
        for each in batch:
            if not isinstance(each, list):
                self.receive(each, origin)

    def _settle(self, message: Message, origin: Pending | None) -> None:
        if origin is None:
            given = message.get("id")
            pending = self.pending.get(given if type(given) is int else key_of(given))
        else:
            pending = origin if origin.is_answered_by(message) else None
        if pending is None:
            log.debug("A server answered a request that nobody waits for.")
        else:
            pending.settle(message)

    def _hear(self, method: str, params: Message | None, origin: Pending | None) -> None:
        if method == "notifications/progress" and self._report(params or {}):
            return
        options = cast("RequestOptions", {} if origin is None else origin.options)
        on_log = options.get("on_log")
        if method == "notifications/message" and on_log is not None:
            try:
                on_log(params or {})
            except Exception:
                log.exception("A log message could not be handed on.")
            return
        is_taken = run_notify_intercept(self._intercept, method, params)
        if not is_taken and self._on_notify is not None:
            self._handle(self._on_notify(self._context(None), method, params))

    def _report(self, params: Message) -> bool:
        """Hand progress on in the order it came, one report after the other."""
        pending = self.pending.get(key_of(params.get("progressToken")))
        amount = params.get("progress")
        on_progress = None if pending is None else pending.options.get("on_progress")
        if pending is None or on_progress is None or not isinstance(amount, int | float):
            return False
        if not self.closed.is_set() and not pending.answer.done():
            if pending.reports is None:
                pending.reports = deque(maxlen=MAX_REPORTS)
            pending.reports.append((amount, params.get("total"), params.get("message")))
            if pending.reporter is None or pending.reporter.done():
                work = _hand_on(pending.reports, on_progress)
                pending.reporter = asyncio.create_task(work)
        return True

    def _handle(self, work: Awaitable[None]) -> None:
        if self.closed.is_set() or len(self._handlers) >= MAX_HANDLERS:
            if not self.closed.is_set() and not self._is_flooded:
                self._is_flooded = True
                log.warning("A server sends messages faster than they can be handled.")
            cast("Coroutine[Any, Any, None]", work).close()
            return
        task = asyncio.ensure_future(work)
        self._handlers.add(task)
        task.add_done_callback(self._handled)

    def _handled(self, task: asyncio.Task[None]) -> None:
        self._handlers.discard(task)
        self._is_flooded = self._is_flooded and bool(self._handlers)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A message of a server could not be handled.", exc_info=error)

    async def _answer(self, request_id: RequestId, method: str, params: Message | None) -> None:
        if self._on_request is None:
            return  # nobody has begun to serve
        reply: Message = {"jsonrpc": "2.0", "id": request_id}
        try:
            reply["result"] = await self._on_request(self._context(request_id), method, params)
        except MCPError as error:
            reply["error"] = {"code": error.code, "message": error.message}
        except Exception:
            log.exception("A request of a server could not be answered.")
            reply["error"] = {"code": INTERNAL_ERROR, "message": "Internal error"}
        try:
            await self._send(reply)
        except (MCPError, UnsendableMessage) as error:
            log.debug("A request of a server got no answer: %s", error)

    def _context(self, request_id: RequestId | None) -> DispatchContext[TransportContext]:
        message = InboundMessage(self._connection, self.closed, request_id, self._transport)
        return cast("DispatchContext[TransportContext]", message)


async def _hand_on(reports: deque[Report], on_progress: ProgressFnT) -> None:
    while reports:
        try:
            await on_progress(*reports.popleft())
        except Exception:
            log.exception("Progress could not be handed on.")
