"""Tool calls over streamable HTTP, answered with JSON and with events: our side against the SDK's.

Fair because both talk to the same server, in one run on one event loop, taking turns; every
answer is read and checked; and only this process's CPU is counted. Both sides agree with the
server on the same protocol revision.

Two servers, each in a process of its own: `minimal` is written by hand and answers in one write,
so that the client is what is measured; `SDK` is the SDK's own server under uvicorn, with sessions
and revisions as it likes, for what one meets in real life. It is much slower than any client:
with it, calls/s says more about the server.
"""

import contextlib

from app.domain.launch import HttpLaunch
from bench.clients import our_registry, plan, registry_call, sdk_call, wire_call
from bench.harness import Call, Report, Sizes, interleave, measured
from bench.launches import served

BASELINE = "SDK Client.call_tool"
SERVERS = {"minimal": "http_echo.py", "SDK": "http_sdk.py"}
# The SDK's client takes over a millisecond for each call: fewer of them tell as much.
FEWER = 5


async def run(sizes: Sizes) -> Report:
    """CPU per call and calls per second."""
    report = Report("http_calls", sizes, "CPU µs/call", BASELINE)
    for server, script in SERVERS.items():
        async with served(script) as launch_at:
            for answers in ("json", "sse"):
                await _against(report, launch_at(answers), server=server, answers=answers)
    return report


async def _against(report: Report, launch: HttpLaunch, **labels: str) -> None:
    sizes = report.sizes
    async with contextlib.AsyncExitStack() as stack:
        registry = await stack.enter_async_context(our_registry())
        ways: dict[str, Call] = {
            BASELINE: await stack.enter_async_context(sdk_call(launch)),
            "our wire": await stack.enter_async_context(wire_call(launch)),
            "our registry": await stack.enter_async_context(registry_call(registry, plan(launch))),
        }
        calls = max(1, sizes.calls // FEWER)
        for callers in sizes.callers:
            samples = await interleave(measured(ways, calls, callers), sizes.repetitions)
            report.add(samples, **labels, callers=callers)
