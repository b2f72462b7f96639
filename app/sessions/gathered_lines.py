"""What is on its way to a child: all that is sent in one turn of the event loop goes as one."""

import asyncio

from app.sessions.exchange import Pending


class GatheredLines:
    """Lines for one pipe. Each write to it wakes the child, and costs more than the line itself."""

    def __init__(self, stdin: asyncio.StreamWriter) -> None:
        self._stdin = stdin
        self._lines: list[bytes] = []
        self._requests: list[Pending] = []
        self._loop = asyncio.get_running_loop()
        self.size = 0
        """How many bytes wait here for the end of this turn."""

    def put(self, line: bytes, request: Pending | None = None) -> None:
        """Send a line very soon; `request` is the one that it carries."""
        if not self._lines:
            self._loop.call_soon(self._flush)
        self._lines.append(line)
        self.size += len(line)
        if request is not None:
            self._requests.append(request)

    def take_unsent(self) -> list[Pending]:
        """The requests that have not been sent and will not be."""
        unsent, self._requests, self._lines = self._requests, [], []
        return unsent

    def _flush(self) -> None:
        if self._lines and not self._stdin.is_closing():
            self._stdin.write(b"".join(self._lines))
            self._requests.clear()
            self._lines.clear()
        self.size = 0
