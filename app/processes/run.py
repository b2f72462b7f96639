"""Running a command to its end, with a deadline and bounded output."""

import asyncio
from asyncio import StreamReader
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.processes.spawner import Child, Spawner

LINE_LIMIT = 64 * 1024
KEPT_LINES = 200
KEPT_LINE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended; `lines` are the last 200 it wrote, both streams, in order."""

    exit_code: int | None
    lines: tuple[str, ...]
    is_timeout: bool


async def run_command(
    spawner: Spawner,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    deadline_seconds: float,
    on_line: Callable[[str], None],
) -> Finished:
    """Run a command, handing over each line it writes; its whole group ends with it.

    Raises:
        OSError: The program cannot be started.
    """
    child = await spawner.spawn(argv, env=env, cwd=cwd, has_stdin=False, line_limit=LINE_LIMIT)
    kept: deque[str] = deque(maxlen=KEPT_LINES)

    def keep(line: str) -> None:
        line = line[:KEPT_LINE_CHARACTERS]
        kept.append(line)
        on_line(line)

    is_timeout = False
    reader = asyncio.create_task(_read_both(child, keep))
    try:
        async with asyncio.timeout(deadline_seconds):
            await child.process.wait()
    except TimeoutError:
        is_timeout = True
    finally:
        # Ends what the command left behind, so that the pipes close and the reader ends.
        await asyncio.shield(child.end(grace_seconds=0.5))
        await reader
    return Finished(child.exit_code, tuple(kept), is_timeout)


async def _read_both(child: Child, keep: Callable[[str], None]) -> None:
    streams = [s for s in (child.process.stdout, child.process.stderr) if s is not None]
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(read_lines(stream, keep))


async def read_lines(stream: StreamReader, keep: Callable[[str], None]) -> None:
    """Hand over each line as text until the stream ends; an overlong line is dropped."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than the stream's limit; asyncio has discarded it
            keep("(a line too long to keep)")
            continue
        if not line:
            return
        text = line.decode(errors="replace").rstrip()
        if text:
            keep(text)
