"""Starting a child in a process group of its own, and ending the whole group."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process, SubprocessStreamProtocol
from collections.abc import Callable, Mapping, Sequence
from typing import cast
from uuid import uuid4

from app.processes.guard import Guard
from app.processes.guard_program import CHILD_VARIABLE, kill_group
from app.processes.strays import Strays

STDOUT = 1


class Pipes(SubprocessStreamProtocol):
    """A child's pipes. With `on_stdout` its output is handed over at once, chunk by chunk.

    The stream of stdout is empty then, and tells of nothing but its end.
    """

    def __init__(self, line_limit: int, on_stdout: Callable[[bytes], None] | None) -> None:
        super().__init__(limit=line_limit, loop=asyncio.get_running_loop())
        self._on_stdout = on_stdout

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        """Take a chunk."""
        if fd == STDOUT and self._on_stdout is not None and isinstance(data, bytes):
            self._on_stdout(data)
        else:
            super().pipe_data_received(fd, data)


class Child:
    """A running child that leads its own process group."""

    def __init__(
        self,
        process: Process,
        pipes: asyncio.SubprocessTransport,
        *,
        mark: str,
        guard: Guard,
        strays: Strays,
    ) -> None:
        self.process = process
        self._pipes = pipes
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

    def pause_stdout(self) -> None:
        """Leave what it writes in the pipe for now; nothing if that has ended."""
        if (pipe := self._stdout()) is not None:
            pipe.pause_reading()

    def resume_stdout(self) -> None:
        """Read it again."""
        if (pipe := self._stdout()) is not None:
            pipe.resume_reading()

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
        self._pipes.close()
        for stream in streams:
            stream.feed_eof()

    def _stdout(self) -> asyncio.ReadTransport | None:
        pipe = cast("asyncio.ReadTransport | None", self._pipes.get_pipe_transport(STDOUT))
        return None if pipe is None or pipe.is_closing() else pipe

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
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Child:
        """Start a program; its output lines may be up to `line_limit` bytes.

        With `on_stdout` what it writes there goes to this alone, as it comes.

        Raises:
            OSError: The program or the folder does not exist or may not be used.
            ValueError: An argument or variable contains a NUL byte.
        """
        mark = uuid4().hex
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: Pipes(line_limit, on_stdout),
            *argv,
            stdin=PIPE if has_stdin else DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env={**env, **self._guard.marks, CHILD_VARIABLE: mark},
            cwd=cwd,
            start_new_session=True,
        )
        process = Process(transport, protocol, loop)
        self._guard.add(process.pid)
        return Child(process, transport, mark=mark, guard=self._guard, strays=self._strays)
