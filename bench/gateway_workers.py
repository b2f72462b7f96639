"""Calls over REST through a product with two workers against one that is a single process.

Fair because both are whole products with a database and servers of their own, which take turns
under the same load; while one is measured the other is idle.

Twice the calls need two cores for the gateway alone. The load, the tool's process and mongod need
some as well, and on a machine with two cores all of them share those. So there are two subjects, of
which one costs next to nothing, and beside the calls each second the CPU of the gateway's own
processes for each call: where that is the same with two workers, two cores that are free of other
work carry twice the calls. `own cores` says how many calls each second that would be.
"""

import contextlib
import functools
import itertools
import sys

import psutil

from bench.gateway_calls import MESSAGE, REST_BODY
from bench.harness import Report, Sample, Sizes, interleave
from bench.launches import SERVERS
from bench.load import load
from bench.product import Product, prepared

BASELINE = "1 worker"
MINIMAL = "minimal"
SUBJECTS = {
    MINIMAL: {"serverName": MINIMAL, "methodName": "echo", "args": {"text": MESSAGE}},
    "server-everything": REST_BODY,
}


async def run(sizes: Sizes) -> Report:
    """Calls per second, and the gateway's CPU for each."""
    report = Report("gateway_workers", sizes, "calls/s", BASELINE)
    async with contextlib.AsyncExitStack() as stack:
        products = {}
        for count, name in ((1, BASELINE), (2, "2 workers")):
            product = await stack.enter_async_context(prepared(WORKERS=str(count)))
            script = ["-S", str(SERVERS / "stdio_echo.py")]
            await product.rest(
                "POST", "/mcp/servers", {"name": MINIMAL, "command": sys.executable, "args": script}
            )
            products[name] = product
        busy = [connections for connections in sizes.connections if connections > 1]
        for (subject, body), connections in itertools.product(SUBJECTS.items(), busy):
            share = {"connections": connections, "seconds": sizes.seconds}
            ways = {
                name: functools.partial(_measure, product, body, **share)
                for name, product in products.items()
            }
            samples = await interleave(ways, sizes.repetitions)
            report.add(samples, subject=subject, connections=connections)
    return report


async def _measure(product: Product, body: object, *, connections: int, seconds: int) -> Sample:
    own = _gateway(product)
    before = sum(map(_cpu_seconds, own))
    url = f"{product.address}/mcp/tool/call"
    sample = await load(url, [body], connections=connections, seconds=seconds)
    cpu = (sum(map(_cpu_seconds, own)) - before) / (sample["calls/s"] * seconds)
    serving = max(1, len(own) - 1)  # the parent of workers serves nobody
    return {**sample, "CPU µs/call": cpu * 1e6, "own cores": serving / cpu}


def _gateway(product: Product) -> list[psutil.Process]:
    """The processes of the gateway itself."""
    parent = psutil.Process(product.process.pid)
    return [parent, *(c for c in parent.children() if "app.cli.worker" in c.cmdline())]


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
