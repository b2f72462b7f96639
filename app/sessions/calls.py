"""The calls of one session: how many at once, and which of them a log message belongs to."""

import asyncio
from collections.abc import KeysView, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from mcp.types import LoggingMessageNotification

from app.domain.errors import AppError, ErrorCode, NotSent
from app.domain.ports import CallListener
from app.domain.session import LogMessage, Progress

MAX_WAITING = 1000
WAIT_SECONDS = 10.0


def progress_of(progress: float, total: object, message: object) -> Progress:
    """A progress notification as data."""
    return Progress(
        progress,
        total if isinstance(total, int | float) else None,
        message if isinstance(message, str) else None,
    )


def log_message_of(params: Mapping[str, Any]) -> LogMessage:
    """The params of a log message as data."""
    level, logger = params.get("level"), params.get("logger")
    return LogMessage(
        level if isinstance(level, str) else "info",
        logger if isinstance(logger, str) else None,
        params.get("data"),
    )


class CallGate:
    """Bounds the calls at work at once, and gives log messages to those they can belong to.

    Over a pipe a log message does not say which call caused it. It is handed on only while the
    session has served one user in its whole life: then it can be nobody else's.
    """

    def __init__(self, most: int | None, server_name: str) -> None:
        self._slots = None if most is None else asyncio.Semaphore(most)
        self.is_bounded = most is not None
        self._server_name = server_name
        self._waiting = 0
        self._left: asyncio.Event | None = None  # made by who waits for it: most calls need none
        # The calls that have not ended, and who listens to each.
        self._at_work: dict[object, CallListener | None] = {}
        self._only_user: str | None = None
        self._has_others = False
        # Set when the session ends: who has not been sent yet goes elsewhere.
        self.is_closed = False

    @property
    def at_work(self) -> KeysView[object]:
        """The calls that have not ended, as they come and go."""
        return self._at_work.keys()

    async def wait(self) -> None:
        """Return at a call's turn, where `is_bounded`; it has to `enter` at once.

        Raises:
            AppError: SESSION_LIMIT when too many wait, or one waits too long.
        """
        if self._slots is None:
            return
        await self._wait_for_turn(self._slots)
        if self.is_closed:
            self._slots.release()
            told = f"Server {self._server_name!r} was changed while the call waited."
            raise NotSent(ErrorCode.SERVER_FAILED, told, hint="Try again.")

    def enter(self, listener: CallListener | None) -> object:
        """Begin a call; `leave` with what it returns."""
        if listener is not None and listener.username != self._only_user:
            self._has_others = self._only_user is not None
            self._only_user = self._only_user or listener.username
        turn = object()
        self._at_work[turn] = listener
        return turn

    def leave(self, turn: object) -> None:
        """The call has ended."""
        del self._at_work[turn]
        if self._left is not None:
            self._left.set()
        if self._slots is not None:
            self._slots.release()

    async def until_gone(self, elders: AbstractSet[object]) -> None:
        """Return when all these calls have ended."""
        self._left = asyncio.Event()
        while elders & self.at_work:
            self._left.clear()
            await self._left.wait()

    def hear(self, message: object) -> None:
        """Hand a log message to the calls at work."""
        if isinstance(message, LoggingMessageNotification) and not self._has_others:
            told = log_message_of(message.params.model_dump(by_alias=True, mode="json"))
            for listener in self._at_work.values():
                if listener is not None:
                    listener.on_log(told)

    async def _wait_for_turn(self, slots: asyncio.Semaphore) -> None:
        if slots.locked() and self._waiting >= MAX_WAITING:
            raise self._limit(f"{MAX_WAITING} calls are waiting already")
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await slots.acquire()
        except TimeoutError:
            raise self._limit(f"a call waited for {WAIT_SECONDS:g} s") from None
        finally:
            self._waiting -= 1

    def _limit(self, what: str) -> AppError:
        return AppError(
            ErrorCode.SESSION_LIMIT,
            f"Server {self._server_name!r} takes no more calls at once, and {what}.",
            hint="Try again later, or raise the server's maxConcurrentCalls.",
        )
