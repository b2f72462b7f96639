"""The registry: at most one live session for each revision of each server."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import AppError, ErrorCode
from app.domain.ports import SeenSecrets
from app.domain.server import Launch, ServerStatus
from app.domain.tool import Tool
from app.late_import import import_late
from app.processes.run import KEPT_LINE_CHARACTERS
from app.processes.spawner import Spawner

if TYPE_CHECKING:
    from app.sessions.live import LiveSession

log = logging.getLogger(__name__)

KEPT_STDERR_LINES = 200
KEPT_RETIRED = 1000
LINES_IN_ERRORS = 5
DRAIN_SECONDS = 60.0
GRACE_SECONDS = 2.0
GRACE_AT_SHUTDOWN_SECONDS = 0.75

OnTools = Callable[[str, str, Sequence[Tool]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What a session belongs to."""

    server_name: str
    revision: str


@dataclass(slots=True)
class _Entry:
    session: "LiveSession"
    owner: asyncio.Task[None]


class SessionRegistry:
    """Starts sessions on demand, one start at a time for each, and ends them."""

    def __init__(self, *, spawner: Spawner, seen: SeenSecrets, on_tools: OnTools) -> None:
        self._spawner = spawner
        self._seen = seen
        self._on_tools = on_tools
        self._entries: dict[SessionKey, _Entry] = {}
        self._owners: set[asyncio.Task[None]] = set()
        self._logs: dict[str, deque[str]] = {}
        self._problems: dict[SessionKey, str] = {}
        self._retired: dict[SessionKey, None] = {}
        self._is_closing = False

    @contextlib.asynccontextmanager
    async def use(
        self, server_name: str, revision: str, launch: Launch
    ) -> AsyncIterator["LiveSession"]:
        """The live session of that revision, started when there is none.

        While it is in use, a change of the server lets it finish. A caller that goes away does
        not stop a start that others wait for.

        Raises:
            AppError: SERVER_DID_NOT_START or SHUTTING_DOWN.
        """
        session = await self._find_or_start(SessionKey(server_name, revision), launch)
        with session.hold():
            if not session.ready.done():
                await asyncio.wait({session.ready})
            if session.ready.cancelled():
                raise _shutting_down()
            session.ready.result()
            yield session

    def retire(self, server_name: str, revision: str) -> None:
        """Take that revision out of service; its session ends when its calls are done."""
        key = SessionKey(server_name, revision)
        self._problems.pop(key, None)
        self._retired[key] = None
        if len(self._retired) > KEPT_RETIRED:
            del self._retired[next(iter(self._retired))]
        entry = self._entries.pop(key, None)
        if entry is not None:
            entry.session.stop(drain_seconds=DRAIN_SECONDS, grace_seconds=GRACE_SECONDS)

    async def close(self) -> None:
        """End every session, quickly, and wait until no process is left."""
        self._is_closing = True
        for entry in self._entries.values():
            entry.session.stop(drain_seconds=0, grace_seconds=GRACE_AT_SHUTDOWN_SECONDS)
        self._entries.clear()
        for owner in self._owners:
            owner.cancel()
        await asyncio.gather(*self._owners, return_exceptions=True)

    def status(self, server_name: str, revision: str) -> ServerStatus:
        """Whether that revision is up."""
        key = SessionKey(server_name, revision)
        entry = self._entries.get(key)
        if entry is not None and not entry.session.is_closed:
            is_ready = entry.session.ready.done()
            return ServerStatus.CONNECTED if is_ready else ServerStatus.CONNECTING
        return ServerStatus.ERROR if key in self._problems else ServerStatus.DISCONNECTED

    def last_error(self, server_name: str, revision: str) -> str | None:
        """Why the last start failed, or the last session ended unasked."""
        return self._problems.get(SessionKey(server_name, revision))

    def logs(self, server_name: str, last: int) -> list[str]:
        """The last lines the server wrote to stderr, oldest first, masked."""
        lines = [*self._logs.get(server_name, ())]
        return [self._seen.mask(line) for line in lines[-last:]]

    def forget(self, server_name: str) -> None:
        """End the sessions of a server that is gone, and drop what is remembered of it."""
        for key in [k for k in self._entries if k.server_name == server_name]:
            self.retire(key.server_name, key.revision)
        self._logs.pop(server_name, None)
        for key in [k for k in self._problems if k.server_name == server_name]:
            del self._problems[key]

    async def _find_or_start(self, key: SessionKey, launch: Launch) -> "LiveSession":
        entry = self._entries.get(key)
        if entry is not None and not entry.session.is_closed:
            return entry.session
        session_class = await load_session_class()
        entry = self._entries.get(key)  # somebody else may have started it meanwhile
        if entry is not None and not entry.session.is_closed:
            return entry.session
        return self._start(key, launch, session_class).session

    def _start(self, key: SessionKey, launch: Launch, session_class: "type[LiveSession]") -> _Entry:
        if self._is_closing:
            raise _shutting_down()
        lines = self._logs.setdefault(key.server_name, deque(maxlen=KEPT_STDERR_LINES))

        async def tools_seen(tools: Mapping[str, Tool]) -> None:
            try:
                await self._on_tools(key.server_name, key.revision, [*tools.values()])
            except AppError as error:  # the session is good all the same
                log.warning("A tool list could not be kept: %s", error.message)

        session = session_class(
            key.server_name,
            launch,
            spawner=self._spawner,
            # Masked before it is cut, or half a secret could stay at the end.
            on_stderr=lambda line: lines.append(self._seen.mask(line)[:KEPT_LINE_CHARACTERS]),
            on_tools=tools_seen,
        )
        owner = asyncio.create_task(self._own(key, session), name=f"session {key.server_name}")
        entry = _Entry(session, owner)
        if key in self._retired:
            # A caller that read the server just before it changed: served, and nobody after it.
            session.stop(drain_seconds=DRAIN_SECONDS, grace_seconds=GRACE_SECONDS)
        else:
            self._entries[key] = entry
        self._problems.pop(key, None)
        self._owners.add(owner)
        owner.add_done_callback(self._owners.discard)
        return entry

    async def _own(self, key: SessionKey, session: "LiveSession") -> None:
        problem: str | None
        try:
            problem = await session.own()
        except AppError as error:
            if error.code is ErrorCode.SERVER_DID_NOT_START:
                error.hint = self._last_words(key.server_name)
            problem = error.sentence()
        except Exception:
            log.exception("The session of server %r failed unexpectedly.", key.server_name)
            problem = "an internal error; the log has it"
        entry = self._entries.get(key)
        if entry is not None and entry.session is session:
            del self._entries[key]
        if problem is not None:
            if key not in self._retired:
                self._problems[key] = problem
            log.warning("Server %r: %s", key.server_name, problem)

    def _last_words(self, server_name: str) -> str | None:
        lines = self.logs(server_name, LINES_IN_ERRORS)
        return "Its last words: " + " | ".join(lines) if lines else None


async def load_session_class() -> "type[LiveSession]":
    """The session class, imported in a thread the first time.

    Importing the SDK costs about two seconds of CPU: the HTTP doors must not wait for it.
    """
    return await import_late(_import_session_class)


def _import_session_class() -> "type[LiveSession]":
    from app.sessions.live import LiveSession  # noqa: PLC0415 - late on purpose, see above

    return LiveSession


def _shutting_down() -> AppError:
    return AppError(
        ErrorCode.SHUTTING_DOWN, "This server is shutting down.", hint="Try again in a moment."
    )
