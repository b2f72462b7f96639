"""Who is using a session, and since when nobody is."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from time import monotonic, time_ns

from app.domain.clock import utc_at


class Usage:
    """Counts the callers that hold a session; `on_free` runs when the last lets go.

    While it is held, a stop waits for its drain time before it ends the session.
    """

    def __init__(self, on_free: Callable[[], None]) -> None:
        self._on_free = on_free
        self._freed: asyncio.Event | None = None  # made by who waits for it: most calls need none
        self.count = 0
        self.last_used = monotonic()  # finer than an event loop's time, which may go in steps
        self._let_go_at: int | None = None

    @property
    def last_used_at(self) -> datetime | None:
        """When the last caller let go; None before the first."""
        return None if self._let_go_at is None else utc_at(self._let_go_at)

    def hold(self) -> None:
        """One more caller; `let_go` in any case."""
        self.count += 1

    def let_go(self) -> None:
        """One caller less."""
        self.count -= 1
        self.last_used = monotonic()
        self._let_go_at = time_ns()
        if self.count == 0:
            if self._freed is not None:
                self._freed.set()
            self._on_free()

    async def wait_until_free(self, seconds: float) -> None:
        """Return when nobody holds the session, or the time is up."""
        self._freed = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.count:
                    self._freed.clear()
                    await self._freed.wait()
