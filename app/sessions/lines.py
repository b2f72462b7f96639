"""Cutting a stream of bytes into lines, with a bound that costs only the line that breaks it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Enough of an overlong line to find the id of the message in it.
KEPT_BYTES = 256
_FIRST = re.compile(rb'^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*"?(\d{1,15})"?\s*[,}]')
_LAST = re.compile(rb'"id"\s*:\s*"?(\d{1,15})"?\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line that was thrown away; `head` and `tail` are its ends."""

    head: bytes
    tail: bytes

    def message_id(self) -> int | None:
        """The id of the JSON-RPC message in it, where servers put it: first or last."""
        found = _FIRST.search(self.head) or _LAST.search(self.tail)
        return None if found is None else int(found[1])


class LineCutter:
    """Feeds on bytes, and gives whole lines without their end."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._head: bytes | None = None  # of an overlong line, while it goes on
        self._tail = b""

    def feed(self, data: bytes) -> Sequence[bytes | Overlong]:
        """The lines that `data` completes."""
        if b"\n" not in data:  # it leaps through a large line, while `split` looks at every byte
            if data:
                self._keep(data)
            return []
        *pieces, rest = data.split(b"\n")
        lines: Sequence[bytes | Overlong] = pieces
        if self._size or len(data) > self._limit:
            lines = [self._finish(piece) for piece in pieces]
        if rest:
            self._keep(rest)
        return lines

    def _finish(self, piece: bytes) -> bytes | Overlong:
        if not self._size and len(piece) <= self._limit:
            return piece
        self._keep(piece)
        if self._head is not None:
            line: bytes | Overlong = Overlong(self._head, self._tail)
        else:
            line = b"".join(self._parts)
        self._parts, self._size, self._head, self._tail = [], 0, None, b""
        return line

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._head is None and self._size > self._limit:
            self._head = (b"".join(self._parts) + piece)[:KEPT_BYTES]
            self._tail = b"".join(self._parts[-1:])[-KEPT_BYTES:]
            self._parts = []
        if self._head is None:
            self._parts.append(piece)
        else:
            self._tail = (self._tail + piece[-KEPT_BYTES:])[-KEPT_BYTES:]
