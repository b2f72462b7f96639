"""Deadlines that cost next to nothing where they are kept, unlike `asyncio.timeout`."""

import asyncio
from types import TracebackType
from typing import Self

from app.lookout import Lookout


class Deadline:
    """Ends what its task does within `with` when the time is up that it was allowed.

    Raises:
        TimeoutError: That was the only reason to cancel the task.
    """

    __slots__ = ("_cancelled_before", "_lookout", "_task", "_timer", "_until", "has_ended", "loop")

    def __init__(self, lookout: Lookout) -> None:
        loop = lookout.loop or asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a deadline needs a task")
        self._lookout = lookout
        self._task = task
        self._cancelled_before = task.cancelling()
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0
        self.loop = loop
        self.has_ended = False
        """Whether the end of the work was asked for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell this end from other reasons to cancel the task, which go before."""
        self._lookout.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        if self.has_ended:
            is_the_only_reason = self._task.uncancel() <= self._cancelled_before
            if is_the_only_reason and kind is asyncio.CancelledError:
                raise self.reason() from None

    def allow(self, seconds: float) -> None:
        """Give it that much time from now on, whatever it was allowed before."""
        self._until = self.loop.time() + seconds
        if self._timer is None and seconds > self._lookout.latest_seconds:
            self._lookout.watch(self)
        else:
            self.on_late()

    def on_late(self) -> None:
        """It takes so long that a timer is worth its cost."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._until, self.expire)

    def expire(self) -> None:
        """The time is up."""
        self.end()

    def end(self) -> None:
        """End the work."""
        if not self.has_ended:
            self.has_ended = True
            self._task.cancel()

    def reason(self) -> Exception:
        """What is raised in place of the cancellation."""
        return TimeoutError()
