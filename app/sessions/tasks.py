"""Small background jobs that belong to one connection and end with it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

MAX_TASKS = 1000


class OwnedTasks:
    """Tasks whose failures are seen, and of which none is left after `end`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = False

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run the work, unless it is too late or there is too much of it already."""
        if self._is_over or len(self._tasks) >= MAX_TASKS:
            work.close()
            return None
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end(self) -> None:
        """Cancel what runs, and wait for it."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
