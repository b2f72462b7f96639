"""How long nine users wait for their calls while a tenth floods, against the same nine in quiet.

Fair because the nine call at the same pace on the same product in both, taking turns. The flood
is made by wrk on many connections, each of which asks again as soon as it is answered; all call
the same server, so what they wait for there is in the numbers, too.
"""

import asyncio
import functools
import time
from statistics import quantiles

import aiohttp

from bench.gateway_calls import REST_BODY
from bench.harness import Report, Sample, Sizes, interleave
from bench.load import load
from bench.product import Product, prepared

BASELINE = "quiet"
OTHERS = 9
CALLS_EACH_SECOND = 10
FLOOD_CONNECTIONS = 64
FEWER = 3


async def run(sizes: Sizes) -> Report:
    """What the nine users measure."""
    report = Report("gateway_flood", sizes, "p99 ms", BASELINE)
    async with prepared() as product:
        ways = {
            BASELINE: functools.partial(_others, product, sizes.seconds),
            "one floods": functools.partial(_flooded, product, sizes.seconds),
        }
        report.add(await interleave(ways, max(1, sizes.repetitions // FEWER)), users=OTHERS + 1)
    return report


async def _flooded(product: Product, seconds: int) -> Sample:
    body = REST_BODY | {"username": "flood"}
    url = f"{product.address}/mcp/tool/call"
    flood = asyncio.create_task(
        load(url, [body], connections=FLOOD_CONNECTIONS, seconds=seconds + 2)
    )
    await asyncio.sleep(1)
    sample = await _others(product, seconds)
    return {**sample, "flood calls/s": (await flood)["calls/s"]}


async def _others(product: Product, seconds: int) -> Sample:
    """The latencies of all the nine's calls together."""
    async with aiohttp.ClientSession() as http:
        users = [
            _user(http, product.address, f"user-{number}", number / OTHERS, seconds)
            for number in range(OTHERS)
        ]
        waits = [wait * 1e3 for each in await asyncio.gather(*users) for wait in each]
    cuts = quantiles(waits, n=100)
    return {"p50 ms": cuts[49], "p99 ms": cuts[98], "flood calls/s": 0}


async def _user(
    http: aiohttp.ClientSession, address: str, name: str, offset: float, seconds: int
) -> list[float]:
    """Calls at an even pace, not all users in the same moment."""
    pause = 1 / CALLS_EACH_SECOND
    begin = time.perf_counter() + offset * pause
    waits = []
    for number in range(seconds * CALLS_EACH_SECOND):
        await asyncio.sleep(begin + number * pause - time.perf_counter())
        began_at = time.perf_counter()
        async with http.post(
            f"{address}/mcp/tool/call", json=REST_BODY | {"username": name}
        ) as answer:
            await answer.read()
            answer.raise_for_status()
        waits.append(time.perf_counter() - began_at)
    return waits
