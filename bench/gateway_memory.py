"""What the product holds after many calls against what it held after few.

Fair because it is one process, watched; the load is the same from beginning to end, 16 connections
by wrk. The servers' and the database's processes do not count. The table's ratio is the growth.

A million calls take six minutes and more: `make bench BENCH="gateway_memory --calls 1000000"`.
"""

import psutil

from bench.gateway_calls import REST_BODY
from bench.harness import Report, Sizes
from bench.load import load
from bench.product import prepared

CONNECTIONS = 16


async def run(sizes: Sizes) -> Report:
    """Resident megabytes."""
    few, many = sizes.calls_for_memory
    report = Report("gateway_memory", sizes, "MB", f"after {few}")
    async with prepared() as product:
        process, made = psutil.Process(product.process.pid), 0
        samples = {}
        for wanted in (few, many):
            while made < wanted:
                sample = await load(
                    f"{product.address}/mcp/tool/call",
                    [REST_BODY],
                    connections=CONNECTIONS,
                    seconds=sizes.seconds,
                )
                made += round(sample["calls/s"] * sizes.seconds)
            samples[f"after {wanted}"] = [{"MB": process.memory_info().rss / 1e6, "calls": made}]
    report.add(samples)
    return report
