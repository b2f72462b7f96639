"""One start of a session that callers wait for, and what they hear when it comes to nothing."""

import asyncio
from typing import TYPE_CHECKING

from app.domain.errors import AppError, ErrorCode, NotSent

if TYPE_CHECKING:
    from app.sessions.live import LiveSession


class Attempt:
    """One start that callers wait for."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.admitted: asyncio.Future[None] = loop.create_future()
        self.live: asyncio.Future[LiveSession] = loop.create_future()

    def fail(self, error: AppError) -> None:
        """Let all who wait have the error."""
        for future in (self.admitted, self.live):
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be waiting; that is no surprise


def superseded(server_name: str) -> NotSent:
    """What a call hears that had not been sent when its session was given up: it goes elsewhere."""
    return NotSent(
        ErrorCode.SERVER_FAILED,
        f"Server {server_name!r} was changed while the call waited.",
        hint="Try again.",
    )


def shutting_down() -> AppError:
    """What callers hear who still wait at the end."""
    return AppError(
        ErrorCode.SHUTTING_DOWN, "This server is shutting down.", hint="Try again in a moment."
    )


def no_room(server_name: str, what: str) -> AppError:
    """What a call hears that has waited long enough for a session."""
    return AppError(
        ErrorCode.SESSION_LIMIT,
        f"No more sessions of server {server_name!r} may be started, and {what}.",
        hint="Try again later, or raise the server's maxSessions, MAX_SESSIONS_PER_USER "
        "or MAX_SESSIONS.",
    )
