"""JSON-RPC over the stdin and stdout of a child process (MCP spec, Transports, stdio).

An implementation of the SDK's `Dispatcher` on plain asyncio and orjson: it knows the process,
bounds lines and writes, and fails every pending request the moment the process is gone.
Results are handed over as the server sent them. An answer that is too long fails alone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio.abc
from mcp.shared.dispatcher import CallOptions, OnNotify, OnNotifyIntercept, OnRequest
from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, REQUEST_TIMEOUT

from app.domain.launch import StdioLaunch
from app.processes.environment import base_environment
from app.processes.private_files import PrivateFiles
from app.processes.run import KEPT_LINES, LINE_LIMIT
from app.processes.spawner import Child, Spawner
from app.sessions import rpc
from app.sessions.exchange import Exchange, Message, Pending
from app.sessions.gathered_lines import GatheredLines
from app.sessions.intake import Intake
from app.sessions.lines import LineCutter, Overlong
from app.sessions.reading import Unreadable, read_message
from app.sessions.wire import (
    MAX_MESSAGE_BYTES,
    CannotOpen,
    ConnectionClosed,
    MessageTooBig,
    NotDelivered,
)

log = logging.getLogger(__name__)

CHUNK_BYTES = 256 * 1024
# How long the exit code of a server that just closed its stdout is waited for.
EXIT_CODE_SECONDS = 0.05
# Beyond this much unread output towards a server, senders wait for it to read.
WRITE_BUFFER_BYTES = 64 * 1024


class StdioWire:
    """Requests and notifications over the pipes of a child that it starts and ends."""

    has_headers = False
    is_pinged = True

    def __init__(
        self,
        launch: StdioLaunch,
        *,
        spawner: Spawner,
        files: PrivateFiles,
        on_stderr: Callable[[str], None],
    ) -> None:
        self._launch: StdioLaunch | None = launch
        self._spawner = spawner
        self._files = files
        self._folder: Path | None = None
        self._on_stderr = on_stderr
        self._child: Child | None = None
        self._outbox: GatheredLines | None = None
        self._helpers: list[asyncio.Task[None]] = []
        self._exchange = Exchange(self, kind="stdio", send=self._write)
        self._intake = Intake(self._take, MAX_MESSAGE_BYTES)
        self.closed = self._exchange.closed

    @property
    def last_heard(self) -> float:
        """When the child last wrote anything."""
        return self._intake.last_heard

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return None if self._child is None else self._child.pid

    async def open(self) -> None:
        """Start the child.

        Raises:
            CannotOpen: The program cannot be run; the text says why.
        """
        launch, self._launch = self._launch, None  # it may hold secrets: dropped once used
        if launch is None:
            raise CannotOpen("it has been opened before")
        paths: dict[str, str] = {}
        if launch.files:
            self._folder, paths = await asyncio.to_thread(self._files.write, launch.files)
        try:
            child = await self._spawner.spawn(
                [launch.command, *launch.args],
                env={**base_environment(), **launch.env, **paths},
                cwd=launch.cwd,
                has_stdin=True,
                line_limit=CHUNK_BYTES,
                on_stdout=self._intake.feed,
            )
        except (OSError, ValueError) as error:
            if launch.cwd is not None and not await asyncio.to_thread(Path(launch.cwd).is_dir):
                raise CannotOpen(f"its folder {launch.cwd!r} does not exist") from None
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CannotOpen(f"{launch.command!r} cannot be run: {reason}") from None
        self._child = child
        child.pause_stdout()  # until somebody listens
        self._outbox = GatheredLines(self._stdin.transport)
        with contextlib.suppress(RuntimeError):  # uvloop's word for: it has ended already
            self._stdin.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._helpers = [
            asyncio.create_task(self._read_stderr(child)),
            asyncio.create_task(_reap(child)),
        ]

    async def run(
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        on_notify_intercept: OnNotifyIntercept | None = None,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Read messages until stdout ends; then fail whatever is still waiting."""
        self._exchange.serve(on_request, on_notify, on_notify_intercept)
        task_status.started()
        try:
            await self._intake.run(self._required_child())
        finally:
            self._cut()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> Message:
        """Send a request and return its raw result.

        Raises:
            MCPError: The server's error, ConnectionClosed, NotDelivered, MessageTooBig or
                REQUEST_TIMEOUT.
            UnsendableMessage: The params are no JSON; nothing was sent.
        """
        options = opts or {}
        pending = self._exchange.register(options)
        has_progress = options.get("on_progress") is not None
        try:
            self._put(rpc.request(pending.id, method, params, has_progress=has_progress), pending)
            seconds = options.get("timeout")
            if seconds is None:
                result = await pending.answer
                return result if pending.reporter is None else await pending.result()
            async with asyncio.timeout(seconds):
                return await pending.result()
        except TimeoutError:
            self._abandon(pending, "timeout")
            raise MCPError(REQUEST_TIMEOUT, f"{method} was not answered in time") from None
        except asyncio.CancelledError:
            self._abandon(pending, "cancelled by the client")
            raise
        finally:
            self._exchange.release(pending)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification; dropped when the server is gone."""
        with contextlib.suppress(MCPError):
            await self._write(rpc.notification(method, params))

    async def how_it_ended(self) -> str:
        """The exit code or signal, as far as they are known."""
        child = self._required_child()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EXIT_CODE_SECONDS):
                await child.process.wait()
        if child.exit_code is None:
            return "it closed its output"
        if child.exit_code < 0:
            return f"it was killed by signal {-child.exit_code}"
        return f"it exited with code {child.exit_code}"

    async def end(self, *, grace_seconds: float) -> None:
        """End the child and everything it started."""
        self._cut()
        if self._child is not None:
            stderr, reaper = self._helpers
            reaper.cancel()
            await asyncio.shield(self._child.end(grace_seconds=grace_seconds))
            await stderr
        if self._folder is not None:
            await asyncio.to_thread(self._files.remove, self._folder)
        await self._exchange.close()

    def _cut(self) -> None:
        """Fail what waits; what was not even sent may be asked for elsewhere."""
        if self._outbox is not None:
            for pending in self._outbox.close():
                pending.fail(NotDelivered())
        self._exchange.cut()

    def _abandon(self, pending: Pending, reason: str) -> None:
        """Tell the server that nobody waits any more; never waits itself."""
        if pending.options.get("cancel_on_abandon", True):
            with contextlib.suppress(MCPError):
                self._put(rpc.cancelled(pending.id, reason))

    def _put(self, message: Message, request: Pending | None = None) -> None:
        """Send a message very soon.

        Raises:
            MCPError, UnsendableMessage: It is not sent.
        """
        line = rpc.encode(message, rpc.AS_LINE)
        if self._outbox is None:
            raise NotDelivered
        self._outbox.put(line, request)

    async def _write(self, message: Message) -> None:
        """Send what nobody waits for an answer to; wait while the child is slow to read."""
        self._put(message)
        try:
            await self._stdin.drain()
        except ConnectionError:
            raise ConnectionClosed from None

    def _take(self, line: bytes | Overlong) -> None:
        try:
            if isinstance(line, Overlong):
                self._refuse(line)
            else:
                self._exchange.receive(read_message(line))
        except Unreadable:
            log.debug("A server wrote a line to stdout that is no JSON.")
        except Exception:
            log.exception("A message of a server could not be taken in.")

    def _refuse(self, line: Overlong) -> None:
        """Fail the one request whose answer was too long to read."""
        size = f"{MAX_MESSAGE_BYTES // 1024**2} MiB"
        waiting = self._exchange.pending
        pending = waiting.get(line.message_id() or -1)
        if pending is None and len(waiting) == 1:
            pending = next(iter(waiting.values()))
        if pending is None:
            log.warning("A server wrote a line of more than %s that answers nothing.", size)
        else:
            pending.fail(MessageTooBig(INTERNAL_ERROR, f"The answer is larger than {size}"))

    async def _read_stderr(self, child: Child) -> None:
        """Hand over each line; of a flood only the last ones, as no more are kept anyway."""
        stderr, cutter, data = child.process.stderr, LineCutter(LINE_LIMIT), b"\n"
        while stderr is not None and data:
            data = await stderr.read(CHUNK_BYTES)
            for line in cutter.feed(data or b"\n")[-KEPT_LINES:]:
                self._hand_on(line)
                await asyncio.sleep(0)  # others have their turn between two lines

    def _hand_on(self, line: bytes | Overlong) -> None:
        if isinstance(line, Overlong):
            self._on_stderr("(a line too long to keep)")
        elif text := line.decode(errors="replace").rstrip():
            self._on_stderr(text)

    def _required_child(self) -> Child:
        if self._child is None:
            raise RuntimeError("the wire has not been opened")
        return self._child

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        stdin = self._required_child().process.stdin
        if stdin is None:
            raise RuntimeError("the child has no stdin")
        return stdin


async def _reap(child: Child) -> None:
    """At the child's death end its group: a grandchild may hold the pipes open for ever."""
    await child.process.wait()
    await child.end(grace_seconds=0)
