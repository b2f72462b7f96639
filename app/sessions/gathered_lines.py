"""What is on its way to a child: all that is sent in one turn of the event loop goes as one."""

import asyncio

from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR

from app.sessions.exchange import Pending
from app.sessions.wire import NotDelivered

# Beyond this much unread output further messages are refused: the server has stopped reading.
MAX_UNREAD_BYTES = 64 * 1024**2


class GatheredLines:
    """Lines for one pipe. Each write to it wakes the child, and costs more than the line itself."""

    def __init__(self, pipe: asyncio.WriteTransport) -> None:
        self._pipe = pipe
        self._lines: list[bytes] = []
        self._requests: list[Pending] = []
        self._loop = asyncio.get_running_loop()
        self._size = 0
        self._is_over = False

    def put(self, line: bytes, request: Pending | None = None) -> None:
        """Send a line very soon; `request` is the one that it carries.

        Raises:
            NotDelivered: Nothing can be sent any more.
            MCPError: The child has stopped reading.
        """
        if self._is_over or self._pipe.is_closing():
            raise NotDelivered
        if self._size + self._pipe.get_write_buffer_size() > MAX_UNREAD_BYTES:
            raise MCPError(INTERNAL_ERROR, "The server does not read what is sent to it")
        if not self._lines:
            self._loop.call_soon(self._flush)
        self._lines.append(line)
        self._size += len(line)
        if request is not None:
            self._requests.append(request)

    def close(self) -> list[Pending]:
        """Send nothing any more; the requests that have not been sent and will not be."""
        self._is_over = True
        unsent, self._requests, self._lines = self._requests, [], []
        return unsent

    def _flush(self) -> None:
        if self._lines and not self._pipe.is_closing():
            self._pipe.writelines(self._lines)
            self._requests.clear()
            self._lines.clear()
        self._size = 0
