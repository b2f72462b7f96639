"""What is remembered of a session and those it follows."""

from collections import deque
from dataclasses import dataclass, field

from app.sessions.pace import Pace

KEPT_STDERR_LINES = 50


@dataclass(slots=True)
class Record:
    """Handed on from a session to the one that takes its place."""

    pace: Pace = field(default_factory=Pace)
    restarts: int = 0
    last_error: str | None = None
    stderr: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_STDERR_LINES))
