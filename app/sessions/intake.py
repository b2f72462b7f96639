"""What a child writes to its stdout: handed on line by line at once, but no flood in one go."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from app.processes.spawner import Child
from app.sessions.lines import LineCutter, Overlong

# So many lines are handed on in one turn of the event loop; the rest wait, and the pipe with them.
LINES_AT_ONCE = 256


class Intake:
    """Hands the lines of one child to `take`, in their order, while it runs."""

    def __init__(self, take: Callable[[bytes | Overlong], None], limit: int) -> None:
        self._take = take
        self._cutter = LineCutter(limit)
        self._late: deque[bytes | Overlong] = deque()
        self._has_caught_up = asyncio.Event()
        self._child: Child | None = None
        self._loop = asyncio.get_running_loop()
        self.last_heard = self._loop.time()

    def feed(self, data: bytes) -> None:
        """Take what the child has written."""
        self.last_heard = self._loop.time()
        lines = self._cutter.feed(data)
        if self._child is None or self._late or len(lines) > LINES_AT_ONCE:
            self._put_off(lines)
            return
        for line in lines:
            self._take(line)

    async def run(self, child: Child) -> None:
        """Hand on what a child writes whose stdout was paused, until that ends."""
        self._child = child
        self._hand_on()
        if (stdout := child.process.stdout) is not None:
            await stdout.read()  # nothing comes here but the end
        await self._has_caught_up.wait()

    def _put_off(self, lines: Sequence[bytes | Overlong]) -> None:
        if self._child is not None and not self._late:
            self._child.pause_stdout()
            self._has_caught_up.clear()
            self._loop.call_soon(self._hand_on)
        self._late.extend(lines)

    def _hand_on(self) -> None:
        for _ in range(min(len(self._late), LINES_AT_ONCE)):
            self._take(self._late.popleft())
        if self._late:
            self._loop.call_soon(self._hand_on)
        elif self._child is not None:
            self._child.resume_stdout()
            self._has_caught_up.set()
