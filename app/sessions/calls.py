"""The calls of one session: how many at once, and which of them a log message belongs to."""

import asyncio
from collections.abc import Mapping
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
        self._server_name = server_name
        self._waiting = 0
        self._listeners: set[CallListener] = set()
        self._left = asyncio.Event()
        # The calls that have not ended.
        self.at_work: set[object] = set()
        self._only_user: str | None = None
        self._has_others = False
        # Set when the session ends: who has not been sent yet goes elsewhere.
        self.is_closed = False

    async def enter(self, listener: CallListener | None) -> object:
        """One call's turn; `leave` with what it returns.

        Raises:
            AppError: SESSION_LIMIT when too many wait, or one waits too long.
        """
        if self._slots is not None:
            await self._wait_for_turn(self._slots)
            if self.is_closed:
                self._slots.release()
                told = f"Server {self._server_name!r} was changed while the call waited."
                raise NotSent(ErrorCode.SERVER_FAILED, told, hint="Try again.")
        if listener is not None:
            self._note(listener)
        turn = object()
        self.at_work.add(turn)
        return turn

    def leave(self, turn: object, listener: CallListener | None) -> None:
        """The call has ended."""
        self.at_work.discard(turn)
        self._left.set()
        if listener is not None:
            self._listeners.discard(listener)
        if self._slots is not None:
            self._slots.release()

    async def until_gone(self, elders: set[object]) -> None:
        """Return when all these calls have ended."""
        while elders & self.at_work:
            self._left.clear()
            await self._left.wait()

    def hear(self, message: object) -> None:
        """Hand a log message to the calls at work."""
        if isinstance(message, LoggingMessageNotification) and not self._has_others:
            told = log_message_of(message.params.model_dump(by_alias=True, mode="json"))
            for listener in self._listeners:
                listener.on_log(told)

    def _note(self, listener: CallListener) -> None:
        if self._only_user is None:
            self._only_user = listener.username
        elif self._only_user != listener.username:
            self._has_others = True
        self._listeners.add(listener)

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
