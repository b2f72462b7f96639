"""Running a command to its end, with a deadline and bounded output."""

import asyncio
from asyncio import StreamReader
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.processes.spawner import Child, Spawner

LINE_LIMIT = 64 * 1024
KEPT_LINES = 200
MOST_OUTPUT = 8 * 1024 * 1024
KEPT_LINE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended; `lines` are the last 200 it wrote, both streams, in order.

    Where its output is an answer, `output` is stdout, and `lines` are stderr's alone.
    """

    exit_code: int | None
    lines: tuple[str, ...]
    is_timeout: bool
    output: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it ended by itself and says that all went well."""
        return self.exit_code == 0 and not self.is_timeout


async def run_command(
    spawner: Spawner,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    deadline_seconds: float,
    on_line: Callable[[str], None],
    is_output_kept: bool = False,
) -> Finished:
    """Run a command, handing over each line it writes; its whole group ends with it.

    With `is_output_kept` stdout is an answer, which is not handed over by lines but returned
    whole, unless it is longer than 8 MiB: then nothing of it is.

    Raises:
        OSError: The program cannot be started.
    """
    child = await spawner.spawn(argv, env=env, cwd=cwd, has_stdin=False, line_limit=LINE_LIMIT)
    kept: deque[str] = deque(maxlen=KEPT_LINES)
    output = bytearray()

    def keep(line: str) -> None:
        line = line[:KEPT_LINE_CHARACTERS]
        kept.append(line)
        on_line(line)

    is_timeout = False
    reader = asyncio.create_task(_read_both(child, keep, output if is_output_kept else None))
    try:
        async with asyncio.timeout(deadline_seconds):
            await child.process.wait()
    except TimeoutError:
        is_timeout = True
    finally:
        # Ends what the command left behind, so that the pipes close and the reader ends.
        await asyncio.shield(child.end(grace_seconds=0.5))
        await reader
    answer = "" if len(output) > MOST_OUTPUT else output.decode(errors="replace")
    return Finished(child.exit_code, tuple(kept), is_timeout, answer)


async def _read_both(child: Child, keep: Callable[[str], None], output: bytearray | None) -> None:
    stdout, stderr = child.process.stdout, child.process.stderr
    async with asyncio.TaskGroup() as group:
        if stdout is not None and output is not None:
            group.create_task(_read_all(stdout, output))
        elif stdout is not None:
            group.create_task(read_lines(stdout, keep))
        if stderr is not None:
            group.create_task(read_lines(stderr, keep))


async def _read_all(stream: StreamReader, output: bytearray) -> None:
    """Collect what the stream has; past the limit it is only emptied."""
    while chunk := await stream.read(LINE_LIMIT):
        if len(output) <= MOST_OUTPUT:
            output += chunk


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
