"""Remembering for a short while which secret values passed through, to mask them in logs."""

import time
from collections.abc import Callable, Sequence

from app.domain.redaction import SHORTEST_IN_LOGS, mask_text, spellings

KEPT_SECONDS = 60.0
MOST_VALUES = 10_000


class RecentSecrets:
    """Values delivered in the last minute, for masking log lines and captured stderr.

    A server may write what it was given to its stderr a moment after the call; this is the only
    place that outlives a call, and it forgets by itself.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._until: dict[str, float] = {}
        self._forms: tuple[str, ...] | None = ()

    def note(self, values: Sequence[str]) -> None:
        """Mask these for the next minute."""
        until = self._now() + KEPT_SECONDS
        for value in values:
            if self._until.pop(value, None) is None:
                self._forms = None
            self._until[value] = until
        while len(self._until) > MOST_VALUES:
            self._forget_oldest()

    def mask(self, text: str) -> str:
        """The text without any value noted in the last minute."""
        while self._until and next(iter(self._until.values())) < self._now():
            self._forget_oldest()
        if self._forms is None:
            self._forms = spellings(self._until, shortest=SHORTEST_IN_LOGS)
        return mask_text(text, self._forms)

    def _forget_oldest(self) -> None:
        del self._until[next(iter(self._until))]
        self._forms = None
