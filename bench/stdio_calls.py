"""Tool calls over stdio: our side against the SDK's client, with one caller and with many.

Fair because both talk to the same program in a process each, in one run on one event loop, taking
turns; every answer is read and checked; and only this process's CPU is counted, not the server's.
The server answers in a few microseconds, so that calls/s is the client's doing as far as two
shared cores allow; the CPU is the number to compare.

Four contestants: `SDK Client.call_tool` is the baseline. `SDK raw` leaves out its typed results, as
our side does. `our wire` is our transport alone, `our registry` all that the services use: it
finds and holds the session for every call.
"""

import contextlib

from bench.clients import (
    our_registry,
    plan,
    registry_call,
    sdk_call,
    sdk_wire_call,
    wire_call,
)
from bench.harness import Call, Report, Sizes, interleave, measured
from bench.launches import SERVERS, python

BASELINE = "SDK Client.call_tool"


async def run(sizes: Sizes) -> Report:
    """CPU per call and calls per second."""
    report = Report("stdio_calls", sizes, "CPU µs/call", BASELINE)
    launch = python(SERVERS / "stdio_echo.py")
    async with contextlib.AsyncExitStack() as stack:
        registry = await stack.enter_async_context(our_registry())
        ways: dict[str, Call] = {
            BASELINE: await stack.enter_async_context(sdk_call(launch)),
            "SDK raw": await stack.enter_async_context(sdk_wire_call(launch)),
            "our wire": await stack.enter_async_context(wire_call(launch)),
            "our registry": await stack.enter_async_context(registry_call(registry, plan(launch))),
        }
        for callers in sizes.callers:
            samples = await interleave(measured(ways, sizes.calls, callers), sizes.repetitions)
            report.add(samples, callers=callers)
    return report
