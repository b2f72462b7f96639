"""Questions to a registry: a few at a time, the same one once, and its answer kept for a minute."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from app.domain.errors import AppError
from app.domain.package import PackageSource, ResolvedVersion

KEPT_SECONDS = 60.0
KEPT_ANSWERS = 1000
AT_ONCE = 4

Ask = Callable[[PackageSource], Awaitable[ResolvedVersion]]


class Lookups:
    """Shared answers; a failure is not kept, but all who wait for it get it."""

    def __init__(self, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._answers: dict[PackageSource, tuple[float, ResolvedVersion]] = {}
        self._asked: dict[PackageSource, asyncio.Future[ResolvedVersion]] = {}

    async def get(self, source: PackageSource, ask: Ask) -> ResolvedVersion:
        """The kept answer for that source, or what `ask` finds out."""
        while True:
            kept = self._answers.get(source)
            if kept is not None and time.monotonic() - kept[0] < self._kept_seconds:
                return kept[1]
            running = self._asked.get(source)
            if running is None:
                return await self._ask(source, ask)
            await asyncio.wait([running])
            if not running.cancelled():  # else whoever asked went away: it is our turn
                return running.result()

    async def _ask(self, source: PackageSource, ask: Ask) -> ResolvedVersion:
        asked = self._asked[source] = asyncio.get_running_loop().create_future()
        try:
            async with self._slots:
                answer = await ask(source)
        except AppError as error:
            asked.set_exception(error)
            asked.exception()  # nobody may be waiting for it
            raise
        else:
            asked.set_result(answer)
            self._keep(source, answer)
            return answer
        finally:
            asked.cancel()
            del self._asked[source]

    def _keep(self, source: PackageSource, answer: ResolvedVersion) -> None:
        self._answers.pop(source, None)
        if len(self._answers) >= KEPT_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self._answers[source] = (time.monotonic(), answer)
