"""Stands in for a gateway: starts children under a guard, says their ids, and waits to be killed."""

import asyncio
import json
import sys
from pathlib import Path

from app.processes.environment import base_environment
from app.processes.guard import Guard
from app.processes.spawner import Spawner

CHILD = """
import os, subprocess, sys, time
quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
here = subprocess.Popen(["sleep", "600"], **quiet)
away = subprocess.Popen(["sleep", "600"], start_new_session=True, **quiet)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.getpid()} {here.pid} {away.pid}")
time.sleep(600)
"""


async def main(instance: str, note: Path) -> None:
    guard = Guard(instance)
    guard.start()
    await Spawner(guard).spawn(
        [sys.executable, "-S", "-c", CHILD, str(note)],
        env=base_environment(),
        cwd=None,
        has_stdin=False,
        line_limit=65536,
    )
    while not (note.exists() and note.read_text()):
        await asyncio.sleep(0.01)
    process = guard._process
    print(json.dumps({"guard": process.pid if process else None}), flush=True)
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
