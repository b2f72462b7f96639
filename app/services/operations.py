"""Work that outlives the request that asked for it: long, or of several steps."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

# What a task is told that is cancelled because the process stops; else its caller has gone.
STOPPING = "this process is stopping"

_left_behind: ContextVar[asyncio.Task[Any] | None] = ContextVar("work left behind", default=None)


class Operations:
    """Owns the tasks of operations; a client that goes away does not stop one half-way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T], name: str) -> T:
        """Do the work in a task of its own, and wait for it."""
        task = self.start(work, name)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                _left_behind.set(task)
            raise

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Do the work in a task of its own, without waiting."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """Cancel what is under way, and wait until each has undone its half-done work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits gets it; if nobody does, that is no surprise


def work_left_behind() -> asyncio.Task[Any] | None:
    """The operation that goes on although the task that asked for it has just been cancelled."""
    work = _left_behind.get()
    _left_behind.set(None)
    return work
