"""Masking the values of one call wherever they surface, for next to nothing where they do not.

Every spelling of a value holds certain parts of it unchanged: runs of letters and digits, which no
encoding touches, or the same of its base64. Only a text in which such a part is found is
looked at closely.
"""

import base64
import re
from collections.abc import Iterable, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from app.domain.redaction import SHORTEST_IN_RESULTS, mask_text, spellings

RUN = re.compile(r"[A-Za-z0-9]+")
SHORTEST_PART = 4
# The end of a run: tokens of one kind begin alike.
LONGEST_PART = 8
# A longer text is worth the time that it takes to prepare looking for all parts at once.
LONG_TEXT = 4096
# Of more parts than this there is no quick search for all at once.
MOST_AT_ONCE = 60
# No value holds it, so none is found across the border of two texts.
BORDER = "\0"


class Masker:
    """Masks some values, and their usual spellings. It holds the values: made for one call."""

    def __init__(self, values: Iterable[str], *, shortest: int) -> None:
        self._shortest = shortest
        self._parts = {v: _parts(v, shortest) for v in values if len(v) >= shortest}
        self._all_parts = [part for parts in self._parts.values() for part in parts]
        self._search: BytesAhoCorasick | None = None

    def text(self, text: str) -> str:
        """The text with every value replaced by the mask."""
        if not self._may_hold_one(text):
            return text
        found = [v for v, parts in self._parts.items() if any(part in text for part in parts)]
        return mask_text(text, spellings(found, shortest=self._shortest))

    def json(self, value: object) -> object:
        """The JSON value with every string, and every object key, masked.

        Containers are changed in place: give it a value nobody else holds. Iterative, because the
        depth of a server's answer is not ours to choose.
        """
        if isinstance(value, str):
            return self.text(value)
        if not self._parts or not self._may_hold_one(BORDER.join(_strings(value))):
            return value
        stack = [value]
        while stack:
            box = stack.pop()
            if isinstance(box, dict):
                items = [(self.text(key), item) for key, item in box.items()]
                box.clear()
                box.update((key, self._leaf(item, stack)) for key, item in items)
            elif isinstance(box, list):
                box[:] = [self._leaf(item, stack) for item in box]
        return value

    def _leaf(self, item: object, stack: list[object]) -> object:
        if isinstance(item, str):
            return self.text(item)
        if isinstance(item, dict | list):
            stack.append(item)
        return item

    def _may_hold_one(self, text: str) -> bool:
        if len(text) < LONG_TEXT or not 1 < len(self._all_parts) <= MOST_AT_ONCE:
            return any(part in text for part in self._all_parts)
        if self._search is None:
            self._search = BytesAhoCorasick(
                [part.encode() for part in self._all_parts],
                matchkind=MatchKind.LeftmostFirst,
                implementation=Implementation.NoncontiguousNFA,  # quickest to build
            )
        return bool(self._search.find_matches_as_indexes(text.encode(errors="surrogatepass")))


def _parts(value: str, shortest: int) -> Sequence[str]:
    """Texts of which every spelling of the value holds at least one."""
    texts = [base64.b64encode(value.encode()).decode().rstrip("=")]
    if not value.isprintable():  # it may have several lines
        texts += [line for line in value.splitlines() if len(line) >= SHORTEST_IN_RESULTS]
    if len(texts) == 1:
        texts.append(value)
    parts = [_unchanged(text) for text in texts]
    if min(map(len, parts)) < SHORTEST_PART:
        return spellings([value], shortest=shortest)
    return parts


def _unchanged(text: str) -> str:
    """A part of the text that no encoding touches; empty or short where there is none."""
    end = text[-LONGEST_PART:]
    if len(end) == LONGEST_PART and end.isalnum() and end.isascii():  # as of most tokens
        return end
    return max(RUN.findall(text), key=len, default="")[-LONGEST_PART:]


def _strings(value: object) -> list[str]:
    """Every string and every key in a JSON value."""
    found: list[str] = []
    stack = [value]
    while stack:
        box = stack.pop()
        if isinstance(box, str):
            found.append(box)
        elif isinstance(box, dict):
            found += box
            stack += box.values()
        elif isinstance(box, list):
            stack += box
    return found
