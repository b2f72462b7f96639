"""One live session: a child process, its dispatcher, and the SDK's client on top."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping

from mcp.client.session import ClientSession, IncomingMessage
from mcp.shared.exceptions import MCPError
from mcp.types import Implementation, ToolListChangedNotification

from app import __version__
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.server import Launch
from app.domain.tool import Tool
from app.processes.environment import base_environment
from app.processes.run import read_lines
from app.processes.spawner import Child, Spawner
from app.sessions.listing import list_tools
from app.sessions.stdio import (
    MAX_LINE_BYTES,
    ConnectionClosed,
    StdioDispatcher,
    UnsendableMessage,
)

CLIENT = Implementation(name="mcp-api", version=__version__)
# How long the exit code of a server that just closed its stdout is waited for.
EXIT_CODE_SECONDS = 0.05


class LiveSession:
    """A connection to one server. `own()` is its only owner: it opens, waits and closes."""

    def __init__(
        self,
        name: str,
        launch: Launch,
        *,
        spawner: Spawner,
        on_stderr: Callable[[str], None],
        on_tools: Callable[[Mapping[str, Tool]], Awaitable[None]],
    ) -> None:
        self._name = name
        self._launch = launch
        self._spawner = spawner
        self._on_stderr = on_stderr
        self._on_tools = on_tools
        self._child: Child | None = None
        self._dispatcher: StdioDispatcher | None = None
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._users = 0
        self._drain_seconds = 0.0
        self._grace_seconds = 2.0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.tools: Mapping[str, Tool] = {}

    @property
    def is_closed(self) -> bool:
        """Whether calls can no longer reach the server."""
        return self._dispatcher is not None and self._dispatcher.closed.is_set()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """While held, a stop waits for its drain time before it ends the session."""
        self._users += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._users -= 1
            if self._users == 0:
                self._idle.set()

    def stop(self, *, drain_seconds: float, grace_seconds: float) -> None:
        """Ask the owner to end the session once nobody holds it or the time is up."""
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds
        self._stop.set()

    async def own(self) -> str | None:
        """Run the session from start to end; why it ended, None when it was asked to.

        Raises:
            AppError: SERVER_DID_NOT_START; `ready` carries the same.
        """
        try:
            return await self._own()
        except Exception as error:  # the top of the owner's task: whoever waits must hear of it
            if not self.ready.done():
                self.ready.set_exception(error)
                self.ready.exception()  # nobody may be waiting; that is no surprise
            raise
        finally:
            if not self.ready.done():
                self.ready.cancel()

    async def refresh_tools(self) -> None:
        """Ask the server for its tools again."""
        try:
            self.tools = await list_tools(self._open_dispatcher())
        except MCPError as error:
            raise await self._failure(error) from None
        await self._on_tools(self.tools)

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """One `tools/call`, sent once; cancelled at the server when the caller is cancelled.

        Raises:
            AppError: SERVER_FAILED, or INVALID_INPUT for what JSON cannot carry.
        """
        params = {"name": name, "arguments": dict(arguments)}
        try:
            return await self._open_dispatcher().send_raw_request("tools/call", params)
        except MCPError as error:
            raise await self._failure(error) from None
        except UnsendableMessage as error:
            raise invalid(f"The arguments cannot be sent as JSON: {error}.", "arguments") from None

    async def _own(self) -> str | None:
        child = await self._spawn()
        stderr = asyncio.create_task(self._read_stderr(child))
        reaper = asyncio.create_task(self._reap(child))
        failure: AppError | None = None
        try:
            async with ClientSession(
                dispatcher=self._open_dispatcher(),
                client_info=CLIENT,
                message_handler=self._on_message,
            ) as client:
                try:
                    await self._shake_hands(client, child)
                except AppError as error:
                    failure = error  # raised in here, it would come out in an exception group
                else:
                    self.ready.set_result(None)
                    await self._until_stopped_or_closed()
        finally:
            reaper.cancel()
            await asyncio.shield(child.end(grace_seconds=self._grace_seconds))
            await stderr
        if failure is not None:
            raise failure
        return None if self._stop.is_set() else self._how_it_ended(child)

    async def _spawn(self) -> Child:
        launch = self._launch
        try:
            self._child = await self._spawner.spawn(
                [launch.command, *launch.args],
                env={**base_environment(), **launch.env},
                cwd=launch.cwd,
                has_stdin=True,
                line_limit=MAX_LINE_BYTES,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise self._not_started(f"{launch.command!r} cannot be run: {reason}") from None
        self._dispatcher = StdioDispatcher(self._child)
        return self._child

    async def _shake_hands(self, client: ClientSession, child: Child) -> None:
        seconds = self._launch.startup_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                await client.initialize()
                self.tools = await list_tools(self._open_dispatcher())
        except TimeoutError:
            raise self._not_started(f"it did not answer within {seconds:g} s") from None
        except MCPError as error:
            if isinstance(error, ConnectionClosed):
                await self._await_exit(child)
                doubt = (
                    " without an answer; it may be no MCP server" if child.exit_code == 0 else ""
                )
                raise self._not_started(self._how_it_ended(child) + doubt) from None
            raise self._not_started(f"it answered {error.message!r} ({error.code})") from None
        except (RuntimeError, ValueError) as error:
            # The SDK's words for an unknown protocol version or an answer that is no MCP.
            reason = str(error).splitlines()[0]
            raise self._not_started(f"it does not speak MCP: {reason}") from None
        await self._on_tools(self.tools)

    async def _until_stopped_or_closed(self) -> None:
        closed = asyncio.create_task(self._open_dispatcher().closed.wait())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({closed, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done() and not closed.done():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._drain_seconds):
                        await self._idle.wait()
        finally:
            closed.cancel()
            stopped.cancel()

    async def _reap(self, child: Child) -> None:
        """At the child's death end its group: a grandchild may hold the pipes open for ever."""
        await child.process.wait()
        await child.end(grace_seconds=0)

    async def _read_stderr(self, child: Child) -> None:
        if child.process.stderr is not None:
            await read_lines(child.process.stderr, self._on_stderr)

    async def _on_message(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            with contextlib.suppress(AppError):
                await self.refresh_tools()

    def _open_dispatcher(self) -> StdioDispatcher:
        if self._dispatcher is None:
            raise RuntimeError("the session has not been started")
        return self._dispatcher

    async def _failure(self, error: MCPError) -> AppError:
        if not isinstance(error, ConnectionClosed) or self._child is None:
            return AppError(
                ErrorCode.SERVER_FAILED,
                f"Server {self._name!r} answered with an error: {error.message} ({error.code}).",
            )
        await self._await_exit(self._child)
        return AppError(
            ErrorCode.SERVER_FAILED,
            f"Server {self._name!r} ended during the call: {self._how_it_ended(self._child)}.",
            hint="The next call starts it again. Whether this one had an effect is not known.",
        )

    async def _await_exit(self, child: Child) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EXIT_CODE_SECONDS):
                await child.process.wait()

    def _how_it_ended(self, child: Child) -> str:
        if self._dispatcher is not None and self._dispatcher.close_reason:
            return self._dispatcher.close_reason
        if child.exit_code is None:
            return "it closed its output"
        if child.exit_code < 0:
            return f"it was killed by signal {-child.exit_code}"
        return f"it exited with code {child.exit_code}"

    def _not_started(self, reason: str) -> AppError:
        return AppError(
            ErrorCode.SERVER_DID_NOT_START, f"Server {self._name!r} did not start: {reason}."
        )
