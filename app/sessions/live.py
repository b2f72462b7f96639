"""One live session: a wire to a server, and the SDK's client on top."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError

from app.domain.errors import AppError, ErrorCode
from app.domain.ports import CallListener
from app.domain.session import ListingKind, SessionPlan
from app.domain.tool import Tool
from app.sessions.calls import CallGate
from app.sessions.catalog import Catalog
from app.sessions.conversation import Conversation, decline
from app.sessions.era import CLIENT, Stamp, Verdict, agree
from app.sessions.usage import Usage
from app.sessions.wire import CannotOpen, ConnectionClosed, UnsendableMessage, Wire


@dataclass(slots=True, kw_only=True)
class Hooks:
    """Where a session reports to; `on_tools` also stores the listing."""

    on_tools: Callable[[Mapping[str, Tool]], Awaitable[None]]
    on_listing: Callable[[ListingKind], None]
    on_ready: Callable[[], None]


@dataclass(slots=True)
class Way:
    """One way to reach a server, and what it will have turned out to speak if that works."""

    wire: Wire
    is_modern_first: bool
    known: Verdict | None
    verdict: Verdict | None = field(default=None)


class LiveSession:
    """A connection to one server. `own()` is its only owner: it opens, waits and closes."""

    def __init__(self, plan: SessionPlan, way: Way, *, usage: Usage, hooks: Hooks) -> None:
        self._plan = plan
        self._way = way
        self._wire = way.wire
        self._usage = usage
        self.let_go = usage.let_go
        self._hooks = hooks
        self._stop = asyncio.Event()
        self._drain_seconds = 0.0
        self._grace_seconds = 2.0
        self._start: asyncio.Timeout | None = None
        self._is_aborted = False
        self._conversation = Conversation(way.wire, plan.key.server_name)
        self._catalog: Catalog | None = None
        self._gate = CallGate(plan.max_concurrent_calls, plan.key.server_name)
        self.is_ready = False
        self._gave_up = asyncio.Event()

    @property
    def name(self) -> str:
        """The server's name."""
        return self._plan.key.server_name

    @property
    def wire(self) -> Wire:
        """The connection."""
        return self._wire

    @property
    def is_usable(self) -> bool:
        """Whether a new call may be made."""
        is_spent = self._conversation.is_spent
        return self.is_ready and not is_spent and not self._wire.closed.is_set()

    @property
    def is_doubted(self) -> bool:
        """Whether a caller has given up on a request, so that a ping is due."""
        return self._conversation.is_doubted

    @property
    def protocol_version(self) -> str | None:
        """The revision agreed on."""
        return self._conversation.stamp.version or None

    @property
    def tools(self) -> Mapping[str, Tool]:
        """What the server listed last, by name."""
        return (self._catalog or self._require_catalog()).tools

    def stop(self, *, drain_seconds: float, grace_seconds: float) -> None:
        """Ask the owner to end the session once nobody holds it or the time is up."""
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds
        self._gate.is_closed = True
        self._stop.set()

    def give_up(self, reason: str) -> None:
        """End the session now, as one that failed for that reason."""
        self._conversation.is_spent = True
        self._conversation.end_reason = reason
        self._gave_up.set()

    def abort_start(self) -> None:
        """Let a start that nobody waits for fail now."""
        self._is_aborted = True
        if self._start is not None:
            with contextlib.suppress(RuntimeError):  # it has failed already
                self._start.reschedule(0.0)

    async def own(self) -> str | None:
        """Run the session from start to end; why it ended, None when it was asked to.

        Raises:
            AppError: SERVER_DID_NOT_START.
            MCPError: The server refused both ways to begin; another transport may do.
        """
        failure: Exception | None = None
        try:
            async with self._starting():
                await self._wire.open()
            async with ClientSession(
                dispatcher=self._wire,
                client_info=CLIENT,
                message_handler=self._on_message,
                elicitation_callback=decline,
            ) as client:
                try:
                    async with self._starting():
                        await self._shake_hands(client)
                except (AppError, MCPError) as error:
                    failure = error  # raised in here, it would come out in an exception group
                else:
                    await self._serve(client)
            reason = (
                None if self._stop.is_set() or failure else await self._conversation.how_it_ended()
            )
        finally:
            self.is_ready = False
            await asyncio.shield(self._wire.end(grace_seconds=self._grace_seconds))
        if failure is not None:
            raise failure
        return reason

    async def refresh_tools(self) -> None:
        """Ask the server for its tools again."""
        await self._read(ListingKind.TOOLS)

    async def list_entries(self, kind: ListingKind) -> list[Mapping[str, object]]:
        """A listing as the server sent it; read once, then kept until the server says it changed.

        Raises:
            AppError: SERVER_FAILED.
        """
        catalog = self._require_catalog()
        found = catalog.kept(kind)
        return await self._read(kind) if found is None else found

    async def call_tool(
        self, name: str, arguments: Mapping[str, object], listener: CallListener | None = None
    ) -> dict[str, object]:
        """One `tools/call`, sent once; cancelled at the server when the caller is cancelled.

        Raises:
            AppError: SERVER_FAILED, SESSION_LIMIT, or INVALID_INPUT for what JSON cannot carry.
        """
        gate = self._gate
        tool = self.tools.get(name) if self._wire.has_headers else None
        if gate.is_bounded:
            await gate.wait()
        turn = gate.enter(listener)
        try:
            return await self._conversation.send(
                "tools/call",
                {"name": name, "arguments": dict(arguments)},
                listener=listener,
                schema=None if tool is None else tool.input_schema,
            )
        except (MCPError, UnsendableMessage) as error:
            raise await self._conversation.in_words(error) from None
        finally:
            gate.leave(turn)

    async def request(self, method: str, params: Mapping[str, object]) -> dict[str, object]:
        """The raw result of any other request.

        Raises:
            AppError: SERVER_FAILED; NotSent when the server surely never got it; INVALID_INPUT.
        """
        try:
            return await self._conversation.send(method, params)
        except (MCPError, UnsendableMessage) as error:
            raise await self._conversation.in_words(error) from None

    async def answers_within(self, seconds: float) -> bool:
        """Whether the server answers a ping, or anything at all.

        Calls that were at work before the ping are waited for: a server may do one at a time.
        """
        self._conversation.is_doubted = False
        heard, elders = self._wire.last_heard, {*self._gate.at_work}
        try:
            async with asyncio.timeout(seconds):
                return await self._conversation.is_answered()
        except TimeoutError:
            await self._gate.until_gone(elders)
            return self._wire.last_heard > heard

    @contextlib.asynccontextmanager
    async def _starting(self) -> AsyncIterator[None]:
        """A step of the start: bounded, and every failure of it in words."""
        seconds = self._plan.launch.startup_timeout_seconds
        try:
            async with asyncio.timeout(0.0 if self._is_aborted else seconds) as self._start:
                yield
        except CannotOpen as error:
            raise self._not_started(str(error)) from None
        except TimeoutError:
            raise self._not_started(f"it did not answer within {seconds:g} s") from None
        except ConnectionClosed as error:
            reason = error.reason or await self._wire.how_it_ended()
            doubt = (
                " without an answer; it may be no MCP server"
                if reason == "it exited with code 0"
                else ""
            )
            raise self._not_started(reason + doubt) from None
        except (RuntimeError, ValueError) as error:
            # The SDK's words for an unknown protocol version or an answer that is no MCP.
            raise self._not_started(
                f"it does not speak MCP: {str(error).splitlines()[0]}"
            ) from None
        finally:
            self._start = None

    async def _shake_hands(self, client: ClientSession) -> None:
        self._way.verdict = await agree(
            client, known=self._way.known, is_modern_first=self._way.is_modern_first
        )
        self._conversation.stamp = Stamp(client.protocol_version or "", self._plan.log_level)
        self._catalog = Catalog(client, self._conversation.send, on_listing=self._on_listing)
        await self._catalog.read(ListingKind.TOOLS)
        await self._ask_for_logs(client)
        await self._hooks.on_tools(self.tools)

    async def _ask_for_logs(self, client: ClientSession) -> None:
        capabilities = client.server_capabilities
        level = self._plan.log_level
        if level is None or self._conversation.stamp.is_modern:
            return
        if capabilities is not None and capabilities.logging is not None:
            with contextlib.suppress(MCPError):  # it need not obey
                await self._conversation.send("logging/setLevel", {"level": level.value})

    async def _serve(self, client: ClientSession) -> None:
        self.is_ready = True
        self._hooks.on_ready()
        waits = [
            asyncio.create_task(e.wait()) for e in (self._wire.closed, self._stop, self._gave_up)
        ]
        follower = asyncio.create_task(self._require_catalog().follow(client))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            has_ended_by_itself = self._wire.closed.is_set() or self._gave_up.is_set()
            if not has_ended_by_itself:
                await self._usage.wait_until_free(self._drain_seconds)
        finally:
            for task in (*waits, follower):
                task.cancel()
            await asyncio.gather(*waits, follower, return_exceptions=True)

    async def _on_message(self, message: object) -> None:
        self._gate.hear(message)
        if self._catalog is not None:
            await self._catalog.hear(message)

    async def _on_listing(self, kind: ListingKind) -> None:
        if kind is ListingKind.TOOLS and self.is_ready:
            await self._hooks.on_tools(self.tools)
        if self.is_ready:
            self._hooks.on_listing(kind)

    async def _read(self, kind: ListingKind) -> list[Mapping[str, object]]:
        try:
            return await self._require_catalog().read(kind)
        except MCPError as error:
            raise await self._conversation.in_words(error) from None

    def _require_catalog(self) -> Catalog:
        if self._catalog is None:
            raise RuntimeError("the session is not ready")
        return self._catalog

    def _not_started(self, reason: str) -> AppError:
        return AppError(
            ErrorCode.SERVER_DID_NOT_START, f"Server {self.name!r} did not start: {reason}."
        )
