"""A connection on which the head of an answer and its body go out together."""

import asyncio
from typing import Any

# More than this is handed on as it is.
MOST_COPIED_BYTES = 64 * 1024


class GatheredWrites:
    """A transport that can hold a head back until its body comes.

    Written apart, uvloop sends each at once: two calls of the kernel for each answer, two packets,
    and a client that is woken twice.
    """

    __slots__ = ("_held", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's."""
        return getattr(self._transport, name)

    def hold(self, head: bytes) -> None:
        """Send it with what is written next."""
        self._held = head

    def write(self, data: bytes) -> None:
        """Send it, after what is held back."""
        if self._held:
            held, self._held = self._held, b""
            self.write_both(held, data)
        else:
            self._transport.write(data)

    def write_both(self, head: bytes, body: bytes) -> None:
        """Send a head and its body together; nothing is held back."""
        if len(body) > MOST_COPIED_BYTES:
            self._transport.writelines((head, body))
        else:
            self._transport.write(head + body)

    def close(self) -> None:
        """Send what there is, and close."""
        if self._held and not self.is_closing():
            self.write(b"")
        self._transport.close()
