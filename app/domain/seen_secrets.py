"""Remembering for a while which secret values passed through, to mask them in logs.

The values themselves are not kept: of each spelling only its length, a keyed digest, and its
first three characters, by which it is found.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence

from app.domain.call import MAX_TIMEOUT_SECONDS
from app.domain.redaction import MASK, SHORTEST_IN_LOGS, spellings

# A server may write what it was given for as long as the call lasts, and a little after.
KEPT_SECONDS = MAX_TIMEOUT_SECONDS + 600.0
MOST_VALUES = 10_000
PREFIX = SHORTEST_IN_LOGS - 1
# Up to so many prefixes, looking for each of them is quicker than cutting the text up.
FEW = 64

Form = tuple[int, bytes]  # its length in characters, and its digest


class RecentSecrets:
    """Values delivered lately, for masking log lines and captured stderr.

    It forgets by itself. A line costs the same however many values are known.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._key = os.urandom(32)
        self._known: dict[bytes, tuple[float, tuple[tuple[str, Form], ...]]] = {}
        self._by_prefix: dict[str, list[Form]] = {}

    def note(self, values: Sequence[str]) -> None:
        """Mask these from now on, until they have not been seen for more than an hour."""
        until = self._now() + KEPT_SECONDS
        for value in values:
            digest = self._digest(value)
            known = self._known.pop(digest, None)
            forms = self._learn(value) if known is None else known[1]
            self._known[digest] = (until, forms)
        while len(self._known) > MOST_VALUES:
            self._forget_oldest()

    def mask(self, text: str) -> str:
        """The text without any value that is remembered."""
        while self._known and next(iter(self._known.values()))[0] < self._now():
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

    def _learn(self, value: str) -> tuple[tuple[str, Form], ...]:
        learnt = []
        for spelling in spellings([value], shortest=SHORTEST_IN_LOGS):
            form = (len(spelling), self._digest(spelling))
            prefix = spelling[:PREFIX]
            self._by_prefix.setdefault(prefix, []).append(form)
            learnt.append((prefix, form))
        return tuple(learnt)

    def _may_hold_one(self, text: str) -> bool:
        """Whether any value could begin somewhere in the text; nearly always not, and quickly."""
        if len(self._by_prefix) < FEW:
            return any(prefix in text for prefix in self._by_prefix)
        starts = {text[i : i + PREFIX] for i in range(len(text) - PREFIX + 1)}
        return not starts.isdisjoint(self._by_prefix)

    def _longest_at(self, text: str, place: int) -> int:
        forms = self._by_prefix.get(text[place : place + PREFIX], ())
        lengths = (
            length
            for length, digest in forms
            if place + length <= len(text) and self._digest(text[place : place + length]) == digest
        )
        return max(lengths, default=0)

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(
            text.encode(errors="surrogatepass"), key=self._key, digest_size=16
        ).digest()

    def _forget_oldest(self) -> None:
        digest = next(iter(self._known))
        _, forms = self._known.pop(digest)
        for prefix, form in forms:
            known = self._by_prefix[prefix]
            known.remove(form)
            if not known:
                del self._by_prefix[prefix]
