"""The registry: at most one live session for each user or all, of each revision of each server."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from app.domain.clock import utc_now
from app.domain.errors import AppError, NotSent
from app.domain.ports import SeenSecrets
from app.domain.server import ServerStatus
from app.domain.session import (
    ListingChange,
    LogLine,
    SessionKey,
    SessionPlan,
    SessionView,
)
from app.domain.tool import Tool
from app.late_import import import_late
from app.processes.memory import resident_bytes
from app.processes.private_files import PrivateFiles
from app.processes.run import KEPT_LINE_CHARACTERS
from app.processes.spawner import Spawner
from app.sessions.attempt import shutting_down, superseded
from app.sessions.record import Record
from app.sessions.slots import Scope, SessionLimits, Slots, scopes_of
from app.sessions.status import STATUS, best_status
from app.sessions.supervised import DRAIN_SECONDS, GRACE_SECONDS, Supervised, Surroundings
from app.sessions.watch import Watch

if TYPE_CHECKING:
    from app.sessions.live import LiveSession
    from app.sessions.opening import Opener

log = logging.getLogger(__name__)

KEPT_LOG_LINES = 200
KEPT_RETIRED = 1000
GRACE_AT_SHUTDOWN_SECONDS = 0.75

OnTools = Callable[[str, str, Sequence[Tool]], Awaitable[None]]


class SessionRegistry:
    """Starts sessions on demand, one start at a time for each key, keeps and ends them."""

    def __init__(
        self,
        *,
        spawner: Spawner,
        files: PrivateFiles,
        seen: SeenSecrets,
        on_tools: OnTools,
        on_change: Callable[[SessionView], None] = lambda _view: None,
        on_listing: Callable[[ListingChange], None] = lambda _change: None,
        on_log: Callable[[LogLine], None] = lambda _line: None,
        limits: SessionLimits | None = None,
    ) -> None:
        self._spawner = spawner
        self._files = files
        self._seen = seen
        self._on_tools = on_tools
        self._on_log = on_log
        self._entries: dict[SessionKey, Supervised] = {}
        self._all: set[Supervised] = set()
        self._logs: dict[str, deque[str]] = {}
        self._retired: dict[SessionKey, None] = {}
        self._opener: Opener | None = None
        self._watch = Watch(self)
        self._is_closing = False
        limits = limits or SessionLimits()
        self._around = Surroundings(
            limits=limits,
            slots=Slots(limits, self._make_room),
            starts=asyncio.Semaphore(limits.starts_at_once),
            load_opener=self._load_opener,
            mask=seen.mask,
            on_line=self._keep_line,
            on_tools=self._tools_seen,
            on_listing=lambda entry, kind: on_listing(ListingChange(entry.plan.key, kind)),
            on_change=lambda entry: on_change(entry.view()),
            on_end=self._ended,
        )

    @property
    def entries(self) -> Sequence[Supervised]:
        """Every session that takes calls."""
        return [*self._entries.values()]

    @contextlib.asynccontextmanager
    async def use(self, plan: SessionPlan) -> "AsyncIterator[LiveSession]":
        """The live session of the plan, held; see `hold`."""
        live = await self.hold(plan)
        try:
            yield live
        finally:
            live.let_go()

    async def hold(self, plan: SessionPlan) -> "LiveSession":
        """The live session of the plan, started when there is none; `let_go` of it in any case.

        While it is held, a change of the server lets it finish. A caller that goes away does
        not stop a start that others wait for.

        Raises:
            AppError: SHUTTING_DOWN, SERVER_DID_NOT_START or SESSION_LIMIT.
        """
        entry = self._find_or_begin(plan)
        entry.usage.hold()  # now: nobody may end it before it is up
        try:
            return entry.usable or await entry.ready(plan)
        except BaseException:
            entry.usage.let_go()
            raise

    def hold_live(self, key: SessionKey) -> "LiveSession | None":
        """The same of a session that is up already; None where there is no such one."""
        entry = self._entries.get(key)
        if entry is None or (live := entry.live) is None or not live.is_usable:
            return None
        entry.usage.hold()
        return live

    def keep(self, plan: SessionPlan) -> None:
        """Start the session in the background, and keep it alive if the plan says so."""
        if not self._is_closing:
            with contextlib.suppress(NotSent):  # it has been changed again: that start will do
                self._find_or_begin(plan)

    def restart(self, server_name: str) -> None:
        """Let every session of the server be replaced by a new one, when its calls are done."""
        for entry in [e for e in self._entries.values() if e.plan.key.server_name == server_name]:
            self._drop(entry)
            if entry.plan.is_kept_alive:
                self.keep(entry.plan)

    def retire(self, server_name: str, revision: str) -> None:
        """Take that revision out of service; its sessions end when their calls are done."""
        for entry in self.entries:
            key = entry.plan.key
            if (key.server_name, key.revision) == (server_name, revision):
                self._drop(entry)
        self._retired[SessionKey(server_name, revision)] = None
        if len(self._retired) > KEPT_RETIRED:
            del self._retired[next(iter(self._retired))]

    def end_idle(self, entry: Supervised) -> None:
        """End a session that nobody uses; the next call starts it again."""
        self._drop(entry)

    def end(self, key: SessionKey) -> None:
        """End one session, if there is such a one, when its calls are done."""
        if (entry := self._entries.get(key)) is not None:
            self._drop(entry)

    def end_user(self, owner: str) -> None:
        """End every session of a user who is gone, at once."""
        for entry in [e for e in self._all if e.plan.key.owner == owner]:
            self._drop(entry)
            entry.stop(drain_seconds=0, grace_seconds=GRACE_SECONDS)

    def forget(self, server_name: str, *, begun_by: float | None = None) -> None:
        """End the sessions of a server that is gone, and drop what is remembered of it.

        Of those alone that had begun by that time of the event loop, where it is given: a new
        server may have the name since.
        """
        its = [e for e in self.entries if e.plan.key.server_name == server_name]
        gone = [e for e in its if begun_by is None or e.begun_at <= begun_by]
        for revision in {e.plan.key.revision for e in gone}:
            self.retire(server_name, revision)
        if len(gone) == len(its):
            self._logs.pop(server_name, None)

    async def close(self) -> None:
        """End every session, quickly, and wait until no process is left."""
        self._is_closing = True
        await self._watch.close()
        for entry in self._all:
            entry.stop(
                drain_seconds=0, grace_seconds=GRACE_AT_SHUTDOWN_SECONDS, because=shutting_down()
            )
            entry.task.cancel()
        await asyncio.gather(*(entry.task for entry in self._all), return_exceptions=True)
        if self._opener is not None:
            await self._opener.close()

    def status(self, server_name: str, revision: str) -> ServerStatus:
        """Whether that revision is up."""
        return best_status(e.state for e in self._of(server_name, revision))

    def last_error(self, server_name: str, revision: str) -> str | None:
        """Why the last start failed, or the last session ended unasked, if none is up since."""
        down = (e for e in self._of(server_name, revision) if STATUS[e.state] is ServerStatus.ERROR)
        return next((e.record.last_error for e in down if e.record.last_error is not None), None)

    def logs(self, server_name: str, last: int) -> list[str]:
        """The last lines the server wrote to stderr, oldest first, masked."""
        lines = [*self._logs.get(server_name, ())]
        return [self._seen.mask(line) for line in lines[-last:]]

    def views(self) -> list[SessionView]:
        """Every session there is, those that are ending included."""
        return sorted((e.view() for e in self._all), key=lambda v: (v.key.server_name, v.id))

    async def memory_bytes(self, pid: int) -> int | None:
        """What a session's process and its descendants hold; None when it is gone."""
        return await asyncio.to_thread(resident_bytes, pid)

    def _of(self, server_name: str, revision: str) -> list[Supervised]:
        keys = ((e.plan.key, e) for e in self._entries.values())
        return [e for k, e in keys if (k.server_name, k.revision) == (server_name, revision)]

    def _find_or_begin(self, plan: SessionPlan) -> Supervised:
        entry = self._entries.get(plan.key)
        if entry is not None and not entry.is_broken:
            return entry
        if self._is_closing:
            raise shutting_down()
        key = plan.key
        if SessionKey(key.server_name, key.revision) in self._retired:
            # The caller read the server just before it changed.
            raise superseded(key.server_name)
        record = Record()
        if entry is not None:
            record = entry.record
            record.restarts += 1
            self._drop(entry)
        if plan.key.stamp:
            self._end_outdated(plan.key)
        fresh = Supervised(plan, self._around, record)
        self._all.add(fresh)
        self._watch.start()
        self._entries[plan.key] = fresh
        return fresh

    def _end_outdated(self, new: SessionKey) -> None:
        """End the session that carries what these secrets were before."""
        for key, entry in [*self._entries.items()]:
            if key._replace(stamp="") == new._replace(stamp="") and key.stamp != new.stamp:
                self._drop(entry)

    def _drop(self, entry: Supervised) -> None:
        if self._entries.get(entry.plan.key) is entry:
            del self._entries[entry.plan.key]
        entry.stop(drain_seconds=DRAIN_SECONDS, grace_seconds=GRACE_SECONDS)

    def _make_room(self, scope: Scope) -> bool:
        """End the idle session of a full scope that was used longest ago; a user's own first."""
        idle = [e for e in self.entries if e.is_idle and scope in scopes_of(e.plan.key)]
        if not idle:
            return False
        self._drop(min(idle, key=lambda e: (e.plan.is_kept_alive, e.usage.last_used)))
        return True

    def _ended(self, entry: Supervised) -> None:
        self._all.discard(entry)
        if self._entries.get(entry.plan.key) is entry:
            del self._entries[entry.plan.key]

    def _keep_line(self, entry: Supervised, line: str) -> None:
        # Masked before it is cut, or half a secret could stay at the end.
        text = self._seen.mask(line)[:KEPT_LINE_CHARACTERS]
        entry.keep_line(text)
        key = entry.plan.key
        if key.owner is None:  # a user's own session is no business of the others
            lines = self._logs.setdefault(key.server_name, deque(maxlen=KEPT_LOG_LINES))
            lines.append(text)
        self._on_log(LogLine(key, text, utc_now()))

    async def _tools_seen(self, entry: Supervised, tools: Mapping[str, Tool]) -> None:
        key = entry.plan.key
        try:
            await self._on_tools(key.server_name, key.revision, [*tools.values()])
        except AppError as error:  # the session is good all the same
            log.warning("A tool list could not be kept: %s", error.message)

    async def _load_opener(self) -> "Opener":
        """What opens sessions, imported in a thread the first time.

        Importing the SDK costs about two seconds of CPU: the HTTP doors must not wait for it.
        """
        if self._opener is None:
            opener_class = await import_late(_import_opener)
            if self._opener is None:  # somebody else may have come first meanwhile
                self._opener = opener_class(self._spawner, self._files)
        return self._opener


def _import_opener() -> "type[Opener]":
    from app.sessions.opening import Opener  # noqa: PLC0415 - late on purpose, see above

    return Opener
