"""What the callers of a session wait for while it starts."""

import asyncio
from typing import TYPE_CHECKING

from app.domain.errors import AppError, ErrorCode

if TYPE_CHECKING:
    from app.sessions.live import LiveSession


class Attempt:
    """One start that callers wait for."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.admitted: asyncio.Future[None] = loop.create_future()
        self.live: asyncio.Future[LiveSession] = loop.create_future()

    def fail(self, error: AppError) -> None:
        """Tell everyone who waits."""
        for future in (self.admitted, self.live):
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be waiting; that is no surprise


def shutting_down() -> AppError:
    """What callers hear who still wait at the end."""
    return AppError(
        ErrorCode.SHUTTING_DOWN, "This server is shutting down.", hint="Try again in a moment."
    )
