"""The time that an operation has: `asyncio.timeout` without what a change of plans needs."""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """Cancels what its task does within `with` when the time is up.

    Raises:
        TimeoutError: That was the only reason to cancel the task.
    """

    __slots__ = ("_cancelled_before", "_task", "_timer", "has_passed")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an operation needs a task")
        self._task = task
        self._cancelled_before = task.cancelling()
        self.has_passed = False
        self._timer = task.get_loop().call_later(seconds, self._expire)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell a passed deadline from other reasons to cancel the task, which go before."""
        self._timer.cancel()
        if self.has_passed:
            is_the_only_reason = self._task.uncancel() <= self._cancelled_before
            if is_the_only_reason and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _expire(self) -> None:
        self.has_passed = True
        self._task.cancel()
