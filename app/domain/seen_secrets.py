"""Remembering for a while which secret values passed through, to mask them in logs."""

import time
from collections.abc import Callable, Sequence

from app.domain.call import MAX_TIMEOUT_SECONDS
from app.domain.redaction import MASK, SHORTEST_IN_LOGS, spellings

# A server may write what it was given for as long as the call lasts, and a little after.
KEPT_SECONDS = MAX_TIMEOUT_SECONDS + 600.0
MOST_VALUES = 10_000
PREFIX = SHORTEST_IN_LOGS
# Up to so many prefixes, looking for each of them is quicker than cutting the text up.
FEW = 64


class RecentSecrets:
    """Values delivered lately, for masking log lines and captured stderr.

    This is the only place that outlives a call, and it forgets by itself. Every spelling is
    found by its first characters, so that a line costs the same however many values are known.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._until: dict[str, float] = {}
        self._by_prefix: dict[str, list[str]] = {}

    def note(self, values: Sequence[str]) -> None:
        """Mask these from now on, until they have not been seen for more than an hour."""
        until = self._now() + KEPT_SECONDS
        for value in values:
            if self._until.pop(value, None) is None:
                for form in spellings([value], shortest=SHORTEST_IN_LOGS):
                    self._by_prefix.setdefault(form[:PREFIX], []).append(form)
            self._until[value] = until
        while len(self._until) > MOST_VALUES:
            self._forget_oldest()

    def mask(self, text: str) -> str:
        """The text without any value that is remembered."""
        while self._until and next(iter(self._until.values())) < self._now():
            self._forget_oldest()
        if not self._may_hold_one(text):
            return text
        kept: list[str] = []
        start = place = 0
        while place <= len(text) - PREFIX:
            length = self._longest_at(text, place)
            if length == 0:
                place += 1
                continue
            kept += [text[start:place], MASK]
            start = place = place + length
        return "".join((*kept, text[start:]))

    def _may_hold_one(self, text: str) -> bool:
        """Whether any value could begin somewhere in the text; nearly always not, and quickly."""
        if len(self._by_prefix) < FEW:
            return any(prefix in text for prefix in self._by_prefix)
        starts = {text[i : i + PREFIX] for i in range(len(text) - PREFIX + 1)}
        return not starts.isdisjoint(self._by_prefix)

    def _longest_at(self, text: str, place: int) -> int:
        forms = self._by_prefix.get(text[place : place + PREFIX], ())
        return max((len(form) for form in forms if text.startswith(form, place)), default=0)

    def _forget_oldest(self) -> None:
        value = next(iter(self._until))
        del self._until[value]
        for form in spellings([value], shortest=SHORTEST_IN_LOGS):
            forms = self._by_prefix[form[:PREFIX]]
            forms.remove(form)
            if not forms:
                del self._by_prefix[form[:PREFIX]]
