"""Load on an HTTP door by wrk: a program in C, so that little of the CPU is the client's."""

import asyncio
import itertools
import json
import shutil
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

from bench.harness import Call, Sample

# Bodies in turn; what came back is told as one line of JSON, latencies in microseconds.
SCRIPT = """
local bodies = {%s}
local turn = 0
local requests = {}
function init()
  for number, body in ipairs(bodies) do
    requests[number] = wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
  end
end
function request()
  turn = turn %% #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests": %%d, "microseconds": %%d, "failed": %%d, "p50": %%f, "p99": %%f}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


class NoWrk(Exception):
    """wrk is not installed."""


def find_wrk() -> str:
    """The program.

    Raises:
        NoWrk: There is none on the PATH.
    """
    found = shutil.which("wrk")
    if found is None:
        raise NoWrk("wrk makes the load of this benchmark; Debian: apt-get install wrk")
    return found


async def load(url: str, bodies: Sequence[object], *, connections: int, seconds: int) -> Sample:
    """Calls per second and latencies while the bodies are posted over and over.

    Raises:
        NoWrk: It is not installed.
        RuntimeError: A request failed or was answered with a status other than 2xx or 3xx.
    """
    quoted = ", ".join(f"[==[{json.dumps(body)}]==]" for body in bodies)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "load.lua")
        await asyncio.to_thread(script.write_text, SCRIPT % quoted, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            find_wrk(), "--threads=1", f"--connections={connections}", f"--duration={seconds}s",
            f"--script={script}", "--timeout=30s", url, stdout=PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
    told = json.loads(output.splitlines()[-1])
    if process.returncode != 0 or told["failed"] or not told["requests"]:
        raise RuntimeError(f"wrk: {told}")
    return {
        "calls/s": told["requests"] / told["microseconds"] * 1e6,
        "p50 ms": told["p50"] / 1e3,
        "p99 ms": told["p99"] / 1e3,
    }


async def load_here(call: Call, *, connections: int, seconds: int) -> Sample:
    """What `load` measures, of calls made by this process: so many callers of one session."""
    milliseconds: list[float] = []
    ends_at = time.perf_counter() + seconds

    async def caller() -> None:
        while (began_at := time.perf_counter()) < ends_at:
            await call()
            milliseconds.append((time.perf_counter() - began_at) * 1e3)

    began_at = time.perf_counter()
    await asyncio.gather(*itertools.starmap(caller, [()] * connections))
    cuts = quantiles(milliseconds, n=100)
    return {
        "calls/s": len(milliseconds) / (time.perf_counter() - began_at),
        "p50 ms": cuts[49],
        "p99 ms": cuts[98],
    }
