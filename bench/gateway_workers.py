"""Calls over REST through a product with two workers against one that is a single process.

Fair because both are whole products with a database and servers of their own, which take turns
under the same load; while one is measured the other is idle. Each process that serves has a session
of its own with the tool, `echo` of server-everything.

Twice the calls need two cores for the gateway alone. The load, the tools and mongod need some as
well, and on a machine with two cores all of them share those. So it is measured once with `all` the
cores there are, and once where each process that serves has `a quarter` of a core at most and all
else runs freely: then two workers have twice the CPU of one, on any machine that has more than one
core to spare, and what is seen is what they make of it. The limit is the kernel's, by periods of
10 ms; the latencies have its pauses in them.

`CPU µs/call` is that of the gateway's own processes.
"""

import contextlib
import functools
import itertools
import os

import psutil

from bench.gateway_calls import REST_BODY
from bench.harness import Report, Sample, Sizes, interleave
from bench.launches import EVERYTHING
from bench.load import load
from bench.product import Product, prepared
from bench.slow_cores import CannotSlow, slowed

BASELINE = "1 worker"
QUARTER = 0.25
CORES = {"all": None, "a quarter": QUARTER}


async def run(sizes: Sizes) -> Report:
    """Calls per second, and the gateway's CPU for each."""
    report = Report("gateway_workers", sizes, "calls/s", BASELINE)
    async with contextlib.AsyncExitStack() as stack:
        products = {}
        for count, name in ((1, BASELINE), (2, "2 workers")):
            products[name] = await stack.enter_async_context(prepared(WORKERS=str(count)))
        busy = [connections for connections in sizes.connections if connections > 1]
        for (cores, part), connections in itertools.product(_cores(report), busy):
            share = {"connections": connections, "seconds": sizes.seconds}
            ways = {
                name: functools.partial(_measure, product, part, **share)
                for name, product in products.items()
            }
            samples = await interleave(ways, sizes.repetitions)
            report.add(samples, cores=cores, connections=connections)
    return report


def _cores(report: Report) -> list[tuple[str, float | None]]:
    """What can be measured here; what cannot is noted."""
    try:
        with slowed([os.getpid()], QUARTER):
            return [*CORES.items()]
    except CannotSlow as problem:
        report.notes.append(f"not measured with a quarter of a core each: {problem}")
        return [("all", None)]


async def _measure(
    product: Product, part: float | None, *, connections: int, seconds: int
) -> Sample:
    serving = _serving(product)
    limit = contextlib.nullcontext() if part is None else slowed([p.pid for p in serving], part)
    before = sum(map(_cpu_seconds, serving))
    with limit:
        url = f"{product.address}/mcp/tool/call"
        sample = await load(url, [REST_BODY], connections=connections, seconds=seconds)
    cpu = (sum(map(_cpu_seconds, serving)) - before) / (sample["calls/s"] * seconds)
    if not all(map(_has_tool, serving)):
        raise RuntimeError("a worker has no session of its own")
    return {**sample, "CPU µs/call": cpu * 1e6}


def _serving(product: Product) -> list[psutil.Process]:
    """The processes that serve: the workers, or the one that has none."""
    alone = psutil.Process(product.process.pid)
    return [child for child in alone.children() if "app.cli.worker" in child.cmdline()] or [alone]


def _has_tool(process: psutil.Process) -> bool:
    children = process.children(recursive=True)
    return any(EVERYTHING in argument for child in children for argument in child.cmdline())


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
