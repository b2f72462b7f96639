"""A connection on which the head of an answer and its body go out together."""

import asyncio
from typing import Any

# More than this is not held back.
MOST_GATHERED_BYTES = 64 * 1024


class GatheredWrites:
    """A transport that sends what is written in one turn of the event loop as one.

    uvicorn writes head and body apart, and uvloop sends each at once: two calls of the kernel for
    each answer, two packets, and a client that is woken twice.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST_GATHERED_BYTES:
            self._flush()

    def writelines(self, parts: list[bytes]) -> None:
        """Send them at the end of this turn."""
        for part in parts:
            self.write(part)

    def write_eof(self) -> None:
        """Send what there is, and no more."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what there is, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
