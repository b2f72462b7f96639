"""One session and its successors: started, watched, started again, ended, by one task."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.launch import StdioLaunch
from app.domain.session import ListingKind, SessionPlan, SessionState, SessionView
from app.domain.tool import Tool
from app.sessions.attempt import Attempt, no_room, shutting_down, superseded
from app.sessions.record import Record
from app.sessions.slots import SessionLimits, Slots
from app.sessions.usage import Usage

if TYPE_CHECKING:
    from app.sessions.live import LiveSession
    from app.sessions.opening import Opener

log = logging.getLogger(__name__)

LINES_IN_ERRORS = 5
DRAIN_SECONDS = 60.0
GRACE_SECONDS = 2.0
# How long the end of a user's own session can be looked at.
LINGER_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the sessions of one registry share."""

    limits: SessionLimits
    slots: Slots
    starts: asyncio.Semaphore
    load_opener: Callable[[], Awaitable["Opener"]]
    mask: Callable[[str], str]
    on_line: Callable[["Supervised", str], None]
    on_tools: Callable[["Supervised", Mapping[str, Tool]], Awaitable[None]]
    on_listing: Callable[["Supervised", ListingKind], None]
    on_change: Callable[["Supervised"], None]
    on_end: Callable[["Supervised"], None]


class Supervised:
    """The session of one key. Its task is its only owner."""

    def __init__(self, plan: SessionPlan, around: Surroundings, record: Record) -> None:
        self.id = uuid4().hex
        self.plan = plan
        self._name = plan.key.server_name
        self.surroundings = around
        self.record = record
        self._last_words: deque[str] = deque(maxlen=LINES_IN_ERRORS)
        self.usage = Usage(self._freed)
        self.live: LiveSession | None = None
        self.state = SessionState.WAITING
        self.since = utc_now()
        self.begun_at = asyncio.get_running_loop().time()
        self._attempt = Attempt()
        self._demand = asyncio.Event()
        self._stop_asked: tuple[float, float] | None = None
        self.task = asyncio.create_task(self._run(), name=f"session {plan.key.server_name}")

    @property
    def usable(self) -> "LiveSession | None":
        """The session, if a call can be made without waiting."""
        live = self.live
        return live if live is not None and live.is_usable else None

    @property
    def is_broken(self) -> bool:
        """Whether its session was up and cannot be used any more, though it has not ended yet."""
        return self._attempt.live.done() and self.usable is None

    @property
    def stop_asked(self) -> tuple[float, float] | None:
        """The drain and grace seconds of the stop that was asked for, if one was."""
        return self._stop_asked

    @property
    def is_abandoned(self) -> bool:
        """Whether it is to end, and nobody waits for it."""
        return self._stop_asked is not None and self.usage.count == 0

    @property
    def is_idle(self) -> bool:
        """Whether it is up, and nobody uses it."""
        return self.state is SessionState.READY and self.usage.count == 0

    async def ready(self, plan: SessionPlan) -> "LiveSession":
        """The live session, started by the plan if need be; the caller holds `usage`.

        Raises:
            AppError: SERVER_DID_NOT_START, SESSION_LIMIT or SHUTTING_DOWN.
        """
        if self.live is None:
            self.plan = plan
        self._demand.set()
        self.surroundings.slots.press()
        attempt = self._attempt
        if not attempt.admitted.done():
            await self._wait_for_slot(attempt)
        if not attempt.live.done():
            await asyncio.wait({attempt.live})
        return attempt.live.result()

    async def _wait_for_slot(self, attempt: Attempt) -> None:
        slots, limits = self.surroundings.slots, self.surroundings.limits
        if slots.calls_waiting >= limits.waiting:
            raise no_room(self._name, f"{limits.waiting} calls are waiting already")
        slots.calls_waiting += 1
        try:
            await asyncio.wait({attempt.admitted}, timeout=limits.wait_seconds)
        finally:
            slots.calls_waiting -= 1
        if not attempt.admitted.done():
            raise no_room(self._name, f"none has ended within {limits.wait_seconds:g} s")

    def stop(
        self, *, drain_seconds: float, grace_seconds: float, because: AppError | None = None
    ) -> None:
        """End it once nobody holds it or the time is up, and start it no more.

        Who still waits for it is told to look elsewhere, or else `because`.
        """
        self._stop_asked = (drain_seconds, grace_seconds)
        self._demand.set()
        if self.live is not None:
            self.live.stop(drain_seconds=drain_seconds, grace_seconds=grace_seconds)
            if self.state is SessionState.READY:
                self._to(SessionState.DRAINING)
            if self.usage.count == 0:
                self.live.abort_start()
        if not self._attempt.live.done():
            self._attempt.fail(because or superseded(self.plan.key.server_name))

    def forget_secrets(self) -> None:
        """Drop what the launch carries, once the wire has it: the next start brings its own."""
        launch = self.plan.launch
        if self.plan.key.stamp and isinstance(launch, StdioLaunch):
            self.plan = replace(self.plan, launch=replace(launch, env={}, files={}))

    def keep_line(self, line: str) -> None:
        """Keep a line of its stderr, which is masked."""
        self.record.stderr.append(line)
        self._last_words.append(line)

    def view(self) -> SessionView:
        """How it is doing."""
        live = self.live
        return SessionView(
            id=self.id,
            key=self.plan.key,
            state=self.state,
            since=self.since,
            pid=None if live is None else live.wire.pid,
            protocol_version=None if live is None else live.protocol_version,
            restarts=self.record.restarts,
            last_error=self.record.last_error,
            stderr=tuple(self.record.stderr),
            calls_in_flight=self.usage.count,
            last_used_at=self.usage.last_used_at,
        )

    async def _run(self) -> None:
        try:
            while await self._take_slot():
                try:
                    was_ready = await self._live_once()
                finally:
                    self.live = None
                    self.surroundings.slots.give_back(self.plan)
                if self._stop_asked is not None or not await self._pause(was_ready=was_ready):
                    return
                self.record.restarts += 1
        finally:
            self._attempt.fail(shutting_down())
            self.surroundings.on_end(self)
            self._to(SessionState.ENDED)

    async def _take_slot(self) -> bool:
        """Wait for a slot as long as somebody wants the session."""
        self._to(SessionState.WAITING)
        # By itself it takes only what is free; for a call, an idle session makes room.
        is_wanted = lambda: self.usage.count > 0  # noqa: E731 - a name says what it is
        turn = asyncio.create_task(self.surroundings.slots.take(self.plan, is_wanted))
        try:
            while not turn.done():
                is_kept = self.plan.is_kept_alive and self._stop_asked is None
                if self.usage.count == 0 and not is_kept:
                    self.surroundings.on_end(self)  # now: nobody may come while we wait below
                    return False
                self._demand.clear()
                changed = asyncio.create_task(self._demand.wait())
                try:
                    await asyncio.wait({turn, changed}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changed.cancel()
        finally:
            if not turn.done():
                turn.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await turn
        if not self._attempt.admitted.done():
            self._attempt.admitted.set_result(None)
        return True

    async def _live_once(self) -> bool:
        """Run one session from start to end; whether it was ready at any time."""
        self._to(SessionState.STARTING)
        self._last_words.clear()
        loop = asyncio.get_running_loop()
        ready_at: float | None = None

        def on_ready(live: "LiveSession") -> None:
            nonlocal ready_at
            ready_at = loop.time()
            self._to(SessionState.READY if self._stop_asked is None else SessionState.DRAINING)
            if not self._attempt.live.done():
                self._attempt.live.set_result(live)
            log.info("Server %r is up.", self.plan.key.server_name)

        problem = await self._start_in_turn(on_ready)
        if problem is not None and not (ready_at is None and self._stop_asked is not None):
            self.record.pace.died(lived_seconds=0.0 if ready_at is None else loop.time() - ready_at)
            self.record.last_error = problem
            is_whole = problem.startswith("Server ")
            log.warning("%s", problem if is_whole else f"Server {self._name!r}: {problem}")
        if self._attempt.live.done():
            self._attempt = Attempt()
        return ready_at is not None

    async def _start_in_turn(self, on_ready: "Callable[[LiveSession], None]") -> str | None:
        """Run a session; its start counts among those at work until it is ready."""
        turn = contextlib.ExitStack()
        await self.surroundings.starts.acquire()
        turn.callback(self.surroundings.starts.release)

        def started(live: "LiveSession") -> None:
            turn.close()
            on_ready(live)

        with turn:
            return await self._own(started)

    async def _own(self, on_ready: "Callable[[LiveSession], None]") -> str | None:
        try:
            opener = await self.surroundings.load_opener()
            problem = None if self.is_abandoned else await opener.run(self, on_ready)
            return None if problem is None else self.surroundings.mask(problem)
        except AppError as error:
            if error.code is ErrorCode.SERVER_DID_NOT_START and self._last_words:
                error.hint = "Its last words: " + " | ".join(self._last_words)
            self._attempt.fail(error)
            return self.surroundings.mask(error.sentence())  # kept, and shown to others
        except Exception:
            log.exception(
                "The session of server %r failed unexpectedly.", self.plan.key.server_name
            )
            problem = "Something went wrong inside this server; its log has the details."
            self._attempt.fail(AppError(ErrorCode.INTERNAL, problem))
            return problem

    async def _pause(self, *, was_ready: bool) -> bool:
        """Wait until it is to be started again; False when it is not."""
        failed = self.record.pace.has_failed
        self._to(SessionState.FAILED if failed else SessionState.BACKING_OFF)
        self._demand.clear()
        is_kept = self.plan.is_kept_alive
        seconds = self.record.pace.pause_seconds(was_ready=was_ready) if is_kept else LINGER_SECONDS
        earliest = asyncio.get_running_loop().time() + self.record.pace.demand_seconds()
        try:
            async with asyncio.timeout(seconds):
                await self._demand.wait()
        except TimeoutError:
            # Somebody may have come at this very moment.
            return (is_kept or self.usage.count > 0) and self._stop_asked is None
        if self._stop_asked is None:
            await asyncio.sleep(max(0.0, earliest - asyncio.get_running_loop().time()))
        return self._stop_asked is None

    def _freed(self) -> None:
        if self._stop_asked is not None or self.state is SessionState.WAITING:
            self._demand.set()
        if self._stop_asked is not None and self.live is not None:
            self.live.abort_start()
        if self.surroundings.slots.is_awaited:
            self.surroundings.slots.press()

    def _to(self, state: SessionState) -> None:
        if state is not self.state:
            self.state, self.since = state, utc_now()
        self.surroundings.on_change(self)
