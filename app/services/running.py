"""The operations on packages under way in this process."""

import asyncio
from dataclasses import dataclass

from app.domain.errors import AppError, ErrorCode


@dataclass(slots=True)
class RunningOperation:
    """One operation on a package, and why it is to end, if somebody has asked for that.

    `is_undoing` is set when it ends already.
    """

    owner: str
    task: asyncio.Task[object]
    because: AppError | None = None
    is_undoing: bool = False

    def cancel(self, because: AppError | None = None) -> None:
        """Ask for its end."""
        if self.because is None and not self.is_undoing:
            self.because = because or AppError(
                ErrorCode.OPERATION_CANCELLED,
                "The operation was cancelled on request; nothing was changed.",
            )
            self.task.cancel()
