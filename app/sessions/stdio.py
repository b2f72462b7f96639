"""JSON-RPC over the stdin and stdout of a child process (MCP spec, Transports, stdio).

An implementation of the SDK's `Dispatcher` on plain asyncio and orjson: it knows the process,
bounds lines and writes, and fails every pending request the moment the process is gone.
Results are handed over as the server sent them.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, cast

import anyio.abc
import orjson
from mcp.shared.dispatcher import (
    CallOptions,
    DispatchContext,
    OnNotify,
    OnNotifyIntercept,
    OnRequest,
    ProgressFnT,
    run_notify_intercept,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.transport_context import TransportContext
from mcp.types import CONNECTION_CLOSED, INTERNAL_ERROR, REQUEST_TIMEOUT, RequestId

from app.processes.spawner import Child
from app.sessions.inbound import InboundMessage

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 16 * 1024**2
# Beyond this much unread output towards a server, senders wait for it to read.
WRITE_BUFFER_BYTES = 64 * 1024
# Beyond this much, further messages are refused: the server has stopped reading.
MAX_UNREAD_BYTES = 64 * 1024**2
# Handlers of server requests and notifications at work at once; more are dropped.
MAX_HANDLERS = 64


class UnsendableMessage(Exception):
    """The message cannot be written as JSON; the text says why."""


class ConnectionClosed(MCPError):
    """The server is gone. A type of its own: servers use the SDK's code (-32000) themselves."""

    def __init__(self) -> None:
        super().__init__(CONNECTION_CLOSED, "Connection closed")


@dataclass(slots=True)
class _Pending:
    answer: asyncio.Future[dict[str, Any]]
    on_progress: ProgressFnT | None


class StdioDispatcher:
    """Requests and notifications over one child's pipes. `closed` is set when stdout ends."""

    def __init__(self, child: Child) -> None:
        if child.process.stdin is None or child.process.stdout is None:
            raise ValueError("the child needs pipes for stdin and stdout")
        self._stdin = child.process.stdin
        self._stdout = child.process.stdout
        with contextlib.suppress(RuntimeError):  # uvloop's word for: it has ended already
            self._stdin.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._ids = itertools.count(1)
        self._pending: dict[RequestId, _Pending] = {}
        self._handlers: set[asyncio.Task[None]] = set()
        self._intercept: OnNotifyIntercept | None = None
        self.closed = asyncio.Event()
        self.close_reason: str | None = None

    async def run(
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        on_notify_intercept: OnNotifyIntercept | None = None,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Read messages until stdout ends; then fail whatever is still waiting."""
        self._intercept = on_notify_intercept
        task_status.started()
        try:
            await self._read(on_request, on_notify)
        finally:
            self._close()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """Send a request and return its raw result.

        Raises:
            MCPError: The server's error, ConnectionClosed or REQUEST_TIMEOUT.
            UnsendableMessage: The params are no JSON; nothing was sent.
        """
        options: CallOptions = opts or {}
        request_id, pending = self._register(options)
        try:
            async with asyncio.timeout(options.get("timeout")):
                await self._write(_request(request_id, method, params, pending))
                return await pending.answer
        except TimeoutError:
            self._abandon(request_id, options, "timeout")
            raise MCPError(REQUEST_TIMEOUT, f"{method} was not answered in time") from None
        except asyncio.CancelledError:
            self._abandon(request_id, options, "cancelled by the client")
            raise
        finally:
            del self._pending[request_id]

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification; dropped when the server is gone."""
        with contextlib.suppress(MCPError):
            await self._write(_message(method, params))

    def _register(self, options: CallOptions) -> tuple[RequestId, _Pending]:
        if self.closed.is_set():
            raise ConnectionClosed
        request_id: RequestId = options.get("request_id") or next(self._ids)
        if request_id in self._pending:
            raise ValueError(f"the request id {request_id!r} is in use")
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        pending = _Pending(answer, options.get("on_progress"))
        self._pending[request_id] = pending
        return request_id, pending

    def _abandon(self, request_id: RequestId, options: CallOptions, reason: str) -> None:
        """Tell the server that nobody waits any more (MCP spec, Cancellation); never waits."""
        is_gone = self.closed.is_set() or self._stdin.is_closing()
        if is_gone or not options.get("cancel_on_abandon", True):
            return
        cancelled = {"requestId": request_id, "reason": reason}
        self._stdin.write(_encode(_message("notifications/cancelled", cancelled)))

    async def _write(self, message: Mapping[str, Any]) -> None:
        data = _encode(message)
        if self.closed.is_set() or self._stdin.is_closing():
            raise ConnectionClosed
        if self._stdin.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            raise MCPError(INTERNAL_ERROR, "The server does not read what is sent to it")
        self._stdin.write(data)
        try:
            await self._stdin.drain()
        except ConnectionError:
            raise ConnectionClosed from None

    async def _read(self, on_request: OnRequest, on_notify: OnNotify) -> None:
        while True:
            try:
                line = await self._stdout.readline()
            except ValueError:
                self.close_reason = f"it wrote a line of more than {MAX_LINE_BYTES // 1024**2} MiB"
                return
            if not line:
                return
            try:
                message = orjson.loads(line)
            except orjson.JSONDecodeError:
                log.debug("A server wrote a line to stdout that is no JSON.")
                continue
            if isinstance(message, dict):
                self._receive(message, on_request, on_notify)

    def _receive(self, message: dict[str, Any], on_request: OnRequest, on_notify: OnNotify) -> None:
        method = message.get("method")
        if not isinstance(method, str):
            self._settle(message)
            return
        params = message.get("params")
        params = params if isinstance(params, dict) else None
        if "id" in message:
            self._handle(self._answer(message["id"], method, params, on_request))
        elif method == "notifications/progress" and self._deliver_progress(params or {}):
            return
        elif not run_notify_intercept(self._intercept, method, params):
            self._handle(on_notify(self._context(None), method, params))

    def _settle(self, message: dict[str, Any]) -> None:
        pending = self._pending.get(_key(message.get("id")))
        if pending is None or pending.answer.done():
            log.debug("A server answered a request that nobody waits for.")
            return
        result, error = message.get("result"), message.get("error")
        if isinstance(result, dict):
            pending.answer.set_result(result)
        else:
            pending.answer.set_exception(_error(error))

    def _deliver_progress(self, params: dict[str, Any]) -> bool:
        pending = self._pending.get(_key(params.get("progressToken")))
        amount = params.get("progress")
        if pending is None or pending.on_progress is None or not isinstance(amount, int | float):
            return False
        self._handle(pending.on_progress(amount, params.get("total"), params.get("message")))
        return True

    def _handle(self, work: Coroutine[Any, Any, None] | Any) -> None:
        if len(self._handlers) >= MAX_HANDLERS:
            log.warning("A server sends messages faster than they can be handled; one dropped.")
            work.close()
            return
        task = asyncio.ensure_future(work)
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)

    async def _answer(
        self, request_id: RequestId, method: str, params: dict[str, Any] | None, handler: OnRequest
    ) -> None:
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id}
        try:
            reply["result"] = await handler(self._context(request_id), method, params)
        except MCPError as error:
            reply["error"] = {"code": error.code, "message": error.message}
        except Exception:
            log.exception("A request of a server could not be answered.")
            reply["error"] = {"code": INTERNAL_ERROR, "message": "Internal error"}
        with contextlib.suppress(MCPError):
            await self._write(reply)

    def _context(self, request_id: RequestId | None) -> DispatchContext[TransportContext]:
        return cast(
            "DispatchContext[TransportContext]", InboundMessage(self, self.closed, request_id)
        )

    def _close(self) -> None:
        self.closed.set()
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(ConnectionClosed())
        for task in self._handlers:
            task.cancel()


def _key(value: object) -> RequestId:
    """A request id as we minted it: some servers send our numbers back as strings."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int | str) and not isinstance(value, bool) else -1


def _message(method: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


def _request(
    request_id: RequestId, method: str, params: Mapping[str, Any] | None, pending: _Pending
) -> dict[str, Any]:
    if pending.on_progress is not None:
        meta = {**((params or {}).get("_meta") or {}), "progressToken": request_id}
        params = {**(params or {}), "_meta": meta}
    return {"id": request_id, **_message(method, params)}


def _encode(message: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(message) + b"\n"
    except TypeError as error:
        raise UnsendableMessage(str(error)) from None


def _error(error: object) -> MCPError:
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        return MCPError(error["code"], str(error.get("message", "")), error.get("data"))
    return MCPError(INTERNAL_ERROR, "The server's answer has neither a result nor an error")
