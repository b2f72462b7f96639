"""Memory of idle sessions on our side: how much this program grows by each of 200.

Every session starts, is called once, so that its buffers have been used, and is left alone. Then
the growth of the resident set is divided by their number. The servers' processes are not counted:
they are the same whoever talks to them.

Fair because every measurement is made in a process of its own, after a few sessions that
pay for what is needed once: memory that an earlier measurement had freed would be used again, and
look as if it had not been needed. The SDK's clients stand beside ours.
"""

import asyncio
import contextlib
import functools
import gc
import json
import sys
from asyncio.subprocess import PIPE

import psutil
import uvloop

from bench.clients import our_registry, plan, registry_call, sdk_call
from bench.harness import Report, Sample, Sizes, interleave
from bench.launches import subject

BASELINE = "SDK Client"
FIRST = 10
# Memory varies little from one time to the next.
ENOUGH = 5


async def run(sizes: Sizes) -> Report:
    """Kilobytes for each session."""
    report = Report("session_memory", sizes, "KB/session", BASELINE)
    ways = {
        name: functools.partial(_in_a_process_of_its_own, way, sizes.sessions)
        for name, way in ((BASELINE, "sdk"), ("our registry", "ours"))
    }
    samples = await interleave(ways, min(ENOUGH, sizes.repetitions), is_warm=True)
    report.add(samples, sessions=sizes.sessions)
    return report


async def _in_a_process_of_its_own(way: str, sessions: int) -> Sample:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.session_memory", way, str(sessions), stdout=PIPE
    )
    told, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the measurement failed with exit code {process.returncode}")
    return {"KB/session": json.loads(told) / sessions / 1024}


async def _growth(way: str, sessions: int) -> int:
    """Bytes by which this process has grown."""
    async with contextlib.AsyncExitStack() as stack:
        registry = await stack.enter_async_context(our_registry())

        async def start(number: int) -> None:
            wanted = plan(subject(), owner=str(number))
            opening = registry_call(registry, wanted) if way == "ours" else sdk_call(subject())
            call = await stack.enter_async_context(opening)
            await call()

        first = min(FIRST, sessions)
        for number in range(first):
            await start(number)
        before = _resident_bytes()
        for number in range(first, first + sessions):
            await start(number)
        return _resident_bytes() - before


def _resident_bytes() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    sys.stdout.write(str(uvloop.run(_growth(sys.argv[1], int(sys.argv[2])))))
