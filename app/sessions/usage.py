"""Who is using a session, and since when nobody is."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime

from app.domain.clock import utc_now


class Usage:
    """Counts the callers that hold a session; `on_free` runs when the last lets go."""

    def __init__(self, on_free: Callable[[], None]) -> None:
        self._on_free = on_free
        self._free = asyncio.Event()
        self._free.set()
        self._loop = asyncio.get_running_loop()
        self.count = 0
        self.last_used = self._loop.time()
        self.last_used_at: datetime | None = None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """While held, a stop waits for its drain time before it ends the session."""
        self.count += 1
        self._free.clear()
        try:
            yield
        finally:
            self.count -= 1
            self.last_used = self._loop.time()
            self.last_used_at = utc_now()
            if self.count == 0:
                self._free.set()
                self._on_free()

    async def wait_until_free(self, seconds: float) -> None:
        """Return when nobody holds the session, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._free.wait()
