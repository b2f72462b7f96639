"""A lock between processes: one holder at a time, and free when the holder is killed."""

import asyncio
import subprocess
import sys
from pathlib import Path

from app.processes.file_lock import file_lock
from tests.subjects import SERVERS

HOLDER = """
import asyncio, sys
from pathlib import Path
from app.processes.file_lock import file_lock
async def hold():
    async with file_lock(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.sleep(600)
asyncio.run(hold())
"""


async def test_one_holds_it_at_a_time_and_no_file_stays(tmp_path: Path) -> None:
    path, holders = tmp_path / "locks" / "x", []

    async def hold() -> None:
        async with file_lock(path):
            holders.append("in")
            await asyncio.sleep(0)
            holders.append("out")

    await asyncio.gather(*(hold() for _ in range(3)))
    assert holders == ["in", "out"] * 3
    assert [*path.parent.iterdir()] == []


async def test_a_killed_holder_leaves_it_free(tmp_path: Path) -> None:
    path = tmp_path / "x"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=SERVERS.parents[1]) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        waiting = asyncio.create_task(_hold(path))
        await asyncio.sleep(0)
        assert not waiting.done()
        holder.kill()
        async with asyncio.timeout(10):
            await waiting


async def _hold(path: Path) -> None:
    async with file_lock(path):
        pass
