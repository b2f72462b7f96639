"""A tool call while it is under way: what ends it before its tool does, and what it hears."""

from app.deadline import Deadline
from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.masker import NOTHING_TO_MASK
from app.domain.ports import CallEvents
from app.domain.server import ServerSettings
from app.domain.session import LogMessage, Progress
from app.lookout import Lookout


class CallAtWork(Deadline):
    """One call; what it does, it does within `with`, in one task.

    It ends early when its time is up, or when somebody has asked for its end. Each report of
    progress buys it time. `masker` is that of the secrets which it carries.

    Raises:
        AppError: CALL_CANCELLED or TOOL_TIMEOUT, where it was ended.
    """

    __slots__ = (
        "_call",
        "_failure",
        "_has_progressed",
        "_is_last",
        "_latest",
        "_listener",
        "_longest",
        "_seconds",
        "masker",
        "username",
    )

    def __init__(
        self, call: ToolCall, username: str, listener: CallEvents | None, lookout: Lookout
    ) -> None:
        super().__init__(lookout)
        self.username = username
        self.masker = NOTHING_TO_MASK
        self._call = call
        self._listener = listener
        self._failure: AppError | None = None
        self._has_progressed = self._is_last = False
        self._seconds = self._longest = self._latest = 0.0

    def begin(self, settings: ServerSettings) -> None:
        """Give it its time from now on, and from each report of progress again."""
        longest = settings.longest_call_seconds
        seconds = self._call.timeout_seconds or settings.call_timeout_seconds
        self._seconds = min(longest, seconds)
        self._longest = longest
        self._latest = self.loop.time() + longest
        self._is_last = seconds >= longest
        self.allow(self._seconds)

    def on_progress(self, progress: Progress) -> None:
        """Pass it on, masked."""
        self._has_progressed = True
        if not self.has_ended:
            self._allow_again()
        if self._listener is not None:
            text = progress.message
            told = None if text is None else self.masker.text(text)
            self._listener.on_progress(Progress(progress.progress, progress.total, told))

    def on_log(self, message: LogMessage) -> None:
        """Pass it on, masked."""
        if self._listener is not None:
            data = self.masker.json(message.data)
            self._listener.on_log(LogMessage(message.level, message.logger, data))

    def expire(self) -> None:
        """The time is up."""
        if not self.has_ended:
            self._failure = self._timed_out()
        self.end()

    def reason(self) -> AppError:
        """Why it was ended."""
        if self._failure is not None:
            return self._failure
        return AppError(ErrorCode.CALL_CANCELLED, "The call was cancelled on request.")

    def _allow_again(self) -> None:
        left = self._latest - self.loop.time()
        self._is_last = left <= self._seconds
        self.allow(left if self._is_last else self._seconds)

    def _timed_out(self) -> AppError:
        what = f"did not answer within {self._seconds:g} s"
        if self._has_progressed:
            what = f"reported no further progress within {self._seconds:g} s"
        if self._is_last:
            what = f"did not finish within {self._longest:g} s"
        tool, server = self._call.tool_name, self._call.server_name
        return AppError(
            ErrorCode.TOOL_TIMEOUT,
            f"Tool {tool!r} of server {server!r} {what}; the call was cancelled.",
            hint="Allow more time, or check the server's log.",
        )
