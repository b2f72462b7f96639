"""A tool call while it is under way: what ends it before its tool does, and what it hears."""

import asyncio
from types import TracebackType
from typing import Self

from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.masker import NOTHING_TO_MASK
from app.domain.ports import CallEvents
from app.domain.session import LogMessage, Progress
from app.lookout import Lookout

# Less than what the lookout may take.
SHORT_SECONDS = 0.5


class CallAtWork:
    """One call; what it does, it does within `with`, in one task.

    It ends early when its time is up, or when somebody has asked for its end. Each report of
    progress buys it time. `masker` is that of the secrets which it carries.
    """

    __slots__ = (
        "_call",
        "_cancelled_before",
        "_failure",
        "_has_progressed",
        "_latest",
        "_listener",
        "_longest",
        "_lookout",
        "_loop",
        "_seconds",
        "_task",
        "_timer",
        "_until",
        "masker",
        "username",
    )

    def __init__(
        self, call: ToolCall, username: str, listener: CallEvents | None, lookout: Lookout
    ) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call needs a task of its own")
        self.username = username
        self.masker = NOTHING_TO_MASK
        self._call = call
        self._listener = listener
        self._lookout = lookout
        self._task = task
        self._loop = task.get_loop()
        self._cancelled_before = task.cancelling()
        self._failure: AppError | None = None
        self._has_progressed = False
        self._timer: asyncio.TimerHandle | None = None
        self._seconds = self._longest = self._latest = self._until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Say why it was ended, if it was; other reasons to cancel the task go before.

        Raises:
            AppError: CALL_CANCELLED or TOOL_TIMEOUT.
        """
        self._lookout.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._failure is not None:
            is_the_only_reason = self._task.uncancel() <= self._cancelled_before
            if is_the_only_reason and kind is asyncio.CancelledError:
                raise self._failure from None

    def allow(self, seconds: float, *, longest: float) -> None:
        """Give it that much time from now, and from each report of progress; `longest` in all."""
        self._seconds, self._longest = seconds, longest
        now = self._loop.time()
        self._latest = now + longest
        self._until = now + seconds
        if seconds < SHORT_SECONDS:
            self.on_late()
        else:
            self._lookout.watch(self)

    def on_late(self) -> None:
        """It takes so long that a timer is worth its cost."""
        self._timer = self._loop.call_at(self._until, self._expire)

    def cancel(self) -> None:
        """Ask for its end."""
        self._end(AppError(ErrorCode.CALL_CANCELLED, "The call was cancelled on request."))

    def on_progress(self, progress: Progress) -> None:
        """Pass it on, masked."""
        self._has_progressed = True
        self._until = min(self._loop.time() + self._seconds, self._latest)
        if self._timer is not None and self._failure is None:
            self._timer.cancel()
            self.on_late()
        if self._listener is not None:
            text = progress.message
            told = None if text is None else self.masker.text(text)
            self._listener.on_progress(Progress(progress.progress, progress.total, told))

    def on_log(self, message: LogMessage) -> None:
        """Pass it on, masked."""
        if self._listener is not None:
            data = self.masker.json(message.data)
            self._listener.on_log(LogMessage(message.level, message.logger, data))

    def _expire(self) -> None:
        what = f"did not answer within {self._seconds:g} s"
        if self._has_progressed:
            what = f"reported no further progress within {self._seconds:g} s"
        if self._loop.time() >= self._latest:
            what = f"did not finish within {self._longest:g} s"
        tool, server = self._call.tool_name, self._call.server_name
        self._end(
            AppError(
                ErrorCode.TOOL_TIMEOUT,
                f"Tool {tool!r} of server {server!r} {what}; the call was cancelled.",
                hint="Allow more time, or check the server's log.",
            )
        )

    def _end(self, failure: AppError) -> None:
        if self._failure is None:
            self._failure = failure
            self._task.cancel()
