"""Masking the values of one call wherever they surface, for next to nothing where they do not.

Every spelling of a value holds certain parts of it unchanged: runs of letters and digits, which no
encoding touches, or the same of its base64. Only a text in which such a part is found is
looked at closely.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence

import orjson
from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from app.domain.redaction import SHORTEST_IN_LOGS, SHORTEST_IN_RESULTS, mask_text, spellings

RUN = re.compile(r"[A-Za-z0-9]+")
SHORTEST_PART = 4
# The end of a run: tokens of one kind begin alike.
LONGEST_PART = 8
# A longer text is worth the time that it takes to prepare looking for all parts at once.
LONG_TEXT = 4096
# Of more parts than this there is no quick search for all at once.
MOST_AT_ONCE = 60
# The parts of each value, by value.
PartsByValue = Mapping[str, Sequence[str]]


class Masker:
    """Masks some values, and their usual spellings. It holds the values: made for one call.

    `needles` are those of `needles_of`, where they are known already.
    """

    __slots__ = ("_needles", "_parts", "_search", "_shortest", "_values")

    def __init__(
        self, values: Sequence[str], *, shortest: int, needles: Sequence[str] | None = None
    ) -> None:
        self._values = values
        self._shortest = shortest
        self._needles = needles_of(values, shortest=shortest) if needles is None else needles
        self._parts: PartsByValue | None = None  # of use only where one is found
        self._search: BytesAhoCorasick | None = None

    def text(self, text: str) -> str:
        """The text with every value replaced by the mask."""
        if not self._may_hold_one(text):
            return text
        written = _written(text)
        if self._parts is None:
            self._parts = _parts_of(self._values, self._shortest)
        found = [
            value
            for value, parts in self._parts.items()
            if written is None or any(part.encode() in written for part in parts)
        ]
        return mask_text(text, spellings(found, shortest=self._shortest))

    def json(self, value: object) -> object:
        """The JSON value with every string, and every object key, masked.

        Containers are changed in place: give it a value nobody else holds.
        """
        if isinstance(value, str):
            return self.text(value)
        if self._may_hold_one(value):
            self._look_closely(value)
        return value

    def written(self, value: Mapping[str, object]) -> bytes:
        """The same of an object, and what it is as JSON then.

        Raises:
            TypeError: It holds what JSON cannot carry.
        """
        text = orjson.dumps(value)
        if not self._needles or not self._is_found_in(text):
            return text
        self._look_closely(value)
        return orjson.dumps(value)

    def _look_closely(self, value: object) -> None:
        """Iterative, because the depth of a server's answer is not ours to choose."""
        stack = [value]
        while stack:
            box = stack.pop()
            if isinstance(box, dict):
                items = [(self.text(key), item) for key, item in box.items()]
                box.clear()
                box.update((key, self._leaf(item, stack)) for key, item in items)
            elif isinstance(box, list):
                box[:] = [self._leaf(item, stack) for item in box]

    def _leaf(self, item: object, stack: list[object]) -> object:
        if isinstance(item, str):
            return self.text(item)
        if isinstance(item, dict | list):
            stack.append(item)
        return item

    def _may_hold_one(self, value: object) -> bool:
        if not self._needles:
            return False
        written = _written(value)
        return written is None or self._is_found_in(written)

    def _is_found_in(self, text: bytes) -> bool:
        """Whether a part of a value is in a JSON text that orjson has written."""
        if len(text) < LONG_TEXT:
            words = text.decode()  # in which a search begins sooner than in bytes
            for needle in self._needles:  # noqa: SIM110 - `any` takes longer than the search
                if needle in words:
                    return True
            return False
        if not 1 < len(self._needles) <= MOST_AT_ONCE:
            return any(needle.encode() in text for needle in self._needles)
        if self._search is None:
            self._search = BytesAhoCorasick(
                [needle.encode() for needle in self._needles],
                matchkind=MatchKind.LeftmostFirst,
                implementation=Implementation.NoncontiguousNFA,  # quickest to build
            )
        return bool(self._search.find_matches_as_indexes(text))


def needles_of(values: Iterable[str], *, shortest: int) -> list[str]:
    """Texts, at least one of which is in the JSON of whatever holds a spelling of a value."""
    return [part for some in _parts_of(values, shortest).values() for part in some]


def _parts_of(values: Iterable[str], shortest: int) -> PartsByValue:
    """By value texts, at least one of which is in the JSON of whatever holds a spelling of it."""
    return {value: _parts(value, shortest) for value in values if len(value) >= shortest}


def _written(value: object) -> bytes | None:
    """The value as JSON; None where it holds what JSON cannot carry, such as half a character."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return None


def _parts(value: str, shortest: int) -> Sequence[str]:
    texts = [base64.b64encode(value.encode()).decode().rstrip("=")]
    if not value.isprintable():  # it may have several lines
        texts += [line for line in value.splitlines() if len(line) >= SHORTEST_IN_RESULTS]
    if len(texts) == 1:
        texts.append(value)
    parts = [_unchanged(text) for text in texts]
    if min(map(len, parts)) < SHORTEST_PART:
        forms = spellings([value], shortest=shortest)
        return [orjson.dumps(form)[1:-1].decode() for form in forms]
    return parts


def _unchanged(text: str) -> str:
    """A part of the text that no encoding touches; empty or short where there is none."""
    end = text[-LONGEST_PART:]
    if len(end) == LONGEST_PART and end.isalnum() and end.isascii():  # as of most tokens
        return end
    return max(RUN.findall(text), key=len, default="")[-LONGEST_PART:]


NOTHING_TO_MASK = Masker((), shortest=SHORTEST_IN_LOGS)
