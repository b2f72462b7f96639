"""Commands run to their end: deadlines, output caps, and no leftovers."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from app.processes.environment import base_environment
from app.processes.run import KEPT_LINES, MOST_OUTPUT, Finished, run_command
from app.processes.spawner import Spawner
from tests.waiting import is_alive, until


async def run(
    spawner: Spawner, program: str, *, seconds: float = 10, lines: list[str] | None = None
) -> Finished:
    heard: list[str] = [] if lines is None else lines
    return await run_command(
        spawner,
        [sys.executable, "-S", "-u", "-c", program],
        env=base_environment(),
        cwd="/",
        deadline_seconds=seconds,
        on_line=heard.append,
    )


async def test_a_commands_lines_and_exit_code_are_reported(spawner: Spawner) -> None:
    heard: list[str] = []
    program = "import sys; print('out'); sys.stderr.write('err\\n\\n'); sys.exit(4)"
    finished = await run(spawner, program, lines=heard)
    assert (finished.exit_code, finished.is_timeout) == (4, False)
    assert sorted(finished.lines) == ["err", "out"]
    assert sorted(heard) == ["err", "out"]


async def test_a_command_is_ended_at_its_deadline_with_all_it_started(
    spawner: Spawner, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    program = (
        "import subprocess, time\n"
        "p = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(note)!r}, 'w').write(str(p.pid))\n"
        "print('begun')\n"
        "time.sleep(600)\n"
    )
    started = time.monotonic()
    finished = await run(spawner, program, seconds=1)
    assert time.monotonic() - started < 4
    assert (finished.is_timeout, finished.lines) == (True, ("begun",))
    grandchild = int(note.read_text())
    await until(lambda: not is_alive(grandchild), seconds=1)


async def test_a_background_process_does_not_keep_a_finished_command_waiting(
    spawner: Spawner, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    program = (
        "import subprocess\n"
        "p = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(note)!r}, 'w').write(str(p.pid))\n"
    )
    started = time.monotonic()
    finished = await run(spawner, program, seconds=30)
    assert time.monotonic() - started < 5
    assert (finished.exit_code, finished.is_timeout) == (0, False)
    grandchild = int(note.read_text())
    await until(lambda: not is_alive(grandchild), seconds=1)


async def test_a_daemon_that_left_the_group_does_not_keep_a_command_waiting(
    spawner: Spawner, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    program = (
        "import subprocess\n"
        "p = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"open({str(note)!r}, 'w').write(str(p.pid))\n"
        "print('done')\n"
    )
    started = time.monotonic()
    try:
        async with asyncio.timeout(20):
            finished = await run(spawner, program, seconds=3)
    finally:
        os.kill(int(note.read_text()), 9)
    assert time.monotonic() - started < 6
    assert finished.lines == ("done",)


async def test_only_the_last_lines_of_a_talkative_command_are_kept(spawner: Spawner) -> None:
    heard: list[str] = []
    finished = await run(spawner, "for n in range(1000): print(n)", lines=heard)
    assert finished.lines == tuple(str(n) for n in range(1000 - KEPT_LINES, 1000))
    assert heard == [str(n) for n in range(1000)]


async def test_a_long_line_is_cut_and_an_endless_one_dropped(spawner: Spawner) -> None:
    finished = await run(spawner, "print('a' * 5000); print('b' * 300000); print('end')")
    assert finished.lines[0] == "a" * 2000
    assert finished.lines[1] == "(a line too long to keep)"
    assert finished.lines[-1] == "end"
    assert max(map(len, finished.lines)) <= 2000


async def test_bytes_that_are_no_text_do_no_harm(spawner: Spawner) -> None:
    finished = await run(spawner, "import os; os.write(1, b'a\\xff\\xfeb\\n')")
    assert finished.lines == ("a\ufffd\ufffdb",)


async def test_a_cancelled_command_leaves_no_process(spawner: Spawner, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    work = asyncio.create_task(run(spawner, program, seconds=60))
    await until(lambda: note.exists() and note.read_text())
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not is_alive(int(note.read_text()))


async def answer(spawner: Spawner, program: str) -> tuple[Finished, list[str]]:
    heard: list[str] = []
    finished = await run_command(
        spawner,
        [sys.executable, "-S", "-c", program],
        env=base_environment(),
        cwd="/",
        deadline_seconds=20,
        on_line=heard.append,
        is_output_kept=True,
    )
    return finished, heard


async def test_an_answer_is_kept_whole_and_apart_from_what_is_said_beside_it(
    spawner: Spawner,
) -> None:
    program = "import sys; print('x' * 100_000 + chr(10) * 300); sys.stderr.write('beside')"
    finished, heard = await answer(spawner, program)
    assert finished.is_good
    assert finished.output == "x" * 100_000 + "\n" * 301
    assert list(finished.lines) == heard == ["beside"]


async def test_an_answer_past_the_limit_is_dropped_and_does_not_block_the_command(
    spawner: Spawner,
) -> None:
    finished, _ = await answer(spawner, f"print('x' * {MOST_OUTPUT + 1})")
    assert finished.is_good
    assert finished.output == ""
