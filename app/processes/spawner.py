"""Starting a child in a process group of its own, and ending the whole group."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from uuid import uuid4

from app.processes.guard import Guard
from app.processes.guard_program import CHILD_VARIABLE, kill_group
from app.processes.strays import Strays


class Child:
    """A running child that leads its own process group."""

    def __init__(self, process: Process, *, mark: str, guard: Guard, strays: Strays) -> None:
        self.process = process
        self._mark = mark
        self._guard = guard
        self._strays = strays
        self._end_lock = asyncio.Lock()
        self._is_swept = False

    @property
    def pid(self) -> int:
        """The process id, which is also the group's."""
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit status; negative for a signal; None while it runs."""
        return self.process.returncode

    async def end(self, *, grace_seconds: float) -> None:
        """End the child and everything it started; safe to call twice.

        It gets `grace_seconds` to exit by itself (its stdin is closed), as long again after
        SIGTERM; then the whole group is killed, grandchildren that stayed behind included, and on
        Linux those too that have left the group.
        """
        async with self._end_lock:
            if self._is_swept:
                return
            if self.process.stdin is not None:
                self.process.stdin.close()
            try:
                if not await self._has_exited(grace_seconds):
                    kill_group(self.pid, signal.SIGTERM)
                    await self._has_exited(grace_seconds)
            finally:
                kill_group(self.pid)
                self._is_swept = True
                self._guard.remove(self.pid)
            await self._strays.end(self._mark)
            await self._close_pipes()
            await self.process.wait()

    async def _close_pipes(self) -> None:
        """Close our ends once everything is read, or after a tenth of a second.

        A process that has left the group may hold the other ends open for ever.
        """
        streams = [s for s in (self.process.stdout, self.process.stderr) if s is not None]
        for _ in range(5):
            if all(stream.at_eof() for stream in streams):
                break
            await asyncio.sleep(0.02)
        self.process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio offers no other way
        for stream in streams:
            stream.feed_eof()

    async def _has_exited(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.process.wait()
        except TimeoutError:
            return False
        return True


class Spawner:
    """Starts children that end with us, marked so that leftovers can be found."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._strays = Strays(CHILD_VARIABLE)

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | None,
        has_stdin: bool,
        line_limit: int,
    ) -> Child:
        """Start a program; its output lines may be up to `line_limit` bytes.

        Raises:
            OSError: The program or the folder does not exist or may not be used.
            ValueError: An argument or variable contains a NUL byte.
        """
        mark = uuid4().hex
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=PIPE if has_stdin else DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env={**env, **self._guard.marks, CHILD_VARIABLE: mark},
            cwd=cwd,
            start_new_session=True,
            limit=line_limit,
        )
        self._guard.add(process.pid)
        return Child(process, mark=mark, guard=self._guard, strays=self._strays)
