"""Reading `text/event-stream` piece by piece (WHATWG HTML, Server-sent events)."""

import codecs
from dataclasses import dataclass

from mcp.types import INTERNAL_ERROR

from app.sessions.wire import MAX_MESSAGE_BYTES, MessageTooBig


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `id` is the last id the stream gave, in this event or an earlier one."""

    name: str
    data: bytes
    id: str


class EventParser:
    """Feeds on bytes, and gives events.

    `last_id` is where to resume after the events given so far, `retry_seconds` how long the
    server wants to be left alone before that.
    """

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        self._limit = limit
        self._start: bytes | None = b""  # the first bytes, until it is known if a BOM is there
        self._parts: list[bytes] = []  # of a line that has not ended
        self._parts_size = 0
        self._is_after_cr = False
        self._name = ""
        self._data: bytes | bytearray | None = None
        self._next_id = ""
        self.last_id = ""
        self.retry_seconds: float | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes.

        Raises:
            MessageTooBig: An event is larger than the limit; the stream is of no more use.
        """
        if self._start is not None:
            data = self._without_bom(data)
        if self._is_after_cr and data:
            data = data.removeprefix(b"\n")  # the second half of a line end
            self._is_after_cr = False
        if b"\r" in data:
            self._is_after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = data.split(b"\n")
        events = []
        for line in lines:
            if self._parts:
                line = self._joined(line)  # noqa: PLW2901 - the whole of the same line
            if line:
                self._take(line)
            elif (event := self._finish()) is not None:
                events.append(event)
        if rest:
            self._parts.append(rest)
            self._parts_size += len(rest)
            # The name of a line's field is not counted against its message.
            self._check(self._parts_size - len(b"data: "))
        return events

    def _without_bom(self, data: bytes) -> bytes:
        start = (self._start or b"") + data
        if len(start) < len(codecs.BOM_UTF8) and codecs.BOM_UTF8.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(codecs.BOM_UTF8)

    def _joined(self, end: bytes) -> bytes:
        line = b"".join((*self._parts, end))
        self._parts, self._parts_size = [], 0
        return line

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._add(value)
        elif field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"id":
            if b"\0" not in value:
                self._next_id = value.decode(errors="replace")
        elif field == b"retry" and value.isdigit() and len(value) < 10:
            self.retry_seconds = int(value) / 1000

    def _add(self, value: bytes) -> None:
        if self._data is None:
            self._data = value
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            self._data += b"\n" + value
        self._check(len(self._data))

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise MessageTooBig(
                INTERNAL_ERROR, f"The answer is larger than {self._limit / 1024**2:g} MiB"
            )

    def _finish(self) -> Event | None:
        self.last_id = self._next_id
        name, data = self._name or "message", self._data
        self._name, self._data = "", None
        return None if data is None else Event(name, bytes(data), self.last_id)
