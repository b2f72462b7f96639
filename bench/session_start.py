"""A session's start, from nothing to ready with its tools: ours against the bare process.

`bare process` is the least there can be: a child on two pipes, the three messages of the handshake
and `tools/list` written by hand, blocking, no event loop. What a contestant needs beyond that is
its own. `our registry` is asked for a session by the first call of a new user; its time
includes the start's supervision, the agreement on a revision and the reading of the tools. `SDK
Client` enters the SDK's client and lists the tools.

Fair because all start the same program, one at a time, taking turns in one run; the end of the
process is not in the time. The milliseconds of CPU are this process's.

Subjects: the tests' server, standard library only and with `-S`, which is up in a few
milliseconds, so that what is added can be seen; and, where npm is there, a real one on Node.js.
"""

import asyncio
import contextlib
import functools
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from app.domain.launch import StdioLaunch
from app.sessions.registry import SessionRegistry
from bench.bare_pipe import bare_pipe
from bench.clients import our_registry, plan, sdk_client
from bench.harness import Report, Sample, Sizes, interleave
from bench.launches import everything, subject

Start = Callable[[], AbstractAsyncContextManager[None]]
BASELINE = "bare process"


async def run(sizes: Sizes) -> Report:
    """Milliseconds to ready."""
    report = Report("session_start", sizes, "ms to ready", BASELINE)
    await _of(report, "python -S", subject())
    if sizes.has_npm:
        async with everything() as launch:
            if launch is not None:
                await _of(report, "server-everything", launch)
    return report


async def _of(report: Report, name: str, launch: StdioLaunch) -> None:
    async with our_registry() as registry:
        users = (str(number) for number in itertools.count())
        starts: dict[str, Start] = {
            BASELINE: lambda: _bare(launch),
            "our registry": lambda: _ours(registry, launch, next(users)),
            "SDK Client": lambda: _sdks(launch),
        }
        ways = {n: functools.partial(_timed, s, report.sizes.starts) for n, s in starts.items()}
        samples = await interleave(ways, report.sizes.repetitions)
        report.add(samples, subject=name)


async def _timed(start: Start, times: int) -> Sample:
    """The mean of some starts; only what comes before the context's body is timed."""
    wall = cpu = 0.0
    for _ in range(times):
        started_at, cpu_at = time.perf_counter(), time.process_time()
        async with start():
            wall += time.perf_counter() - started_at
            cpu += time.process_time() - cpu_at
    return {"ms to ready": wall / times * 1e3, "CPU ms": cpu / times * 1e3}


@contextlib.asynccontextmanager
async def _ours(registry: SessionRegistry, launch: StdioLaunch, user: str) -> AsyncIterator[None]:
    async with registry.use(plan(launch, server_name=f"of {user}", owner=user)) as session:
        if not session.tools:
            raise RuntimeError("it has no tools")
        yield
    registry.forget(f"of {user}")
    while registry.views():
        await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def _sdks(launch: StdioLaunch) -> AsyncIterator[None]:
    async with sdk_client(launch) as client:
        await client.list_tools()
        yield


@contextlib.asynccontextmanager
async def _bare(launch: StdioLaunch) -> AsyncIterator[None]:
    with bare_pipe(launch) as pipe:
        if "tools" not in pipe.request("tools/list"):
            raise RuntimeError("it has no tools")
        yield
