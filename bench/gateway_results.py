"""Small and large results through the product against the bare SDK client.

Fair because the same program echoes the same message for both, taking turns, one caller each. The
message goes up as well as down: a megabyte of result is a megabyte of arguments too.
"""

import contextlib
import functools

from mcp.client.client import Client

from bench.clients import quiet_stdio
from bench.gateway_calls import BASELINE, REST_BODY, sdk_load
from bench.harness import Report, Sample, Sizes, interleave
from bench.launches import everything
from bench.load import load
from bench.product import prepared


async def run(sizes: Sizes) -> Report:
    """Megabytes of result per second over REST."""
    report = Report("gateway_results", sizes, "MB/s", BASELINE)
    async with contextlib.AsyncExitStack() as stack:
        launch = await stack.enter_async_context(everything())
        if launch is None:
            raise RuntimeError("this benchmark needs Node.js and npm")
        client = await stack.enter_async_context(Client(quiet_stdio(launch), mode="legacy"))
        product = await stack.enter_async_context(prepared())
        url = f"{product.address}/mcp/tool/call"
        for kilobytes in sizes.kilobytes:
            message = "x" * (kilobytes * 1000)
            ways = {
                BASELINE: functools.partial(_sdk, client, message, sizes.seconds),
                "REST": functools.partial(_rest, url, message, sizes.seconds),
            }
            samples = await interleave(ways, sizes.repetitions)
            report.add(samples, KB=kilobytes)
    return report


async def _sdk(client: Client, message: str, seconds: int) -> Sample:
    return _per_megabyte(
        await sdk_load(client, message, connections=1, seconds=seconds), len(message)
    )


async def _rest(url: str, message: str, seconds: int) -> Sample:
    body = {**REST_BODY, "args": {"message": message}}
    return _per_megabyte(await load(url, [body], connections=1, seconds=seconds), len(message))


def _per_megabyte(sample: Sample, length: int) -> Sample:
    return {"MB/s": sample["calls/s"] * length / 1e6, "p50 ms": sample["p50 ms"]}
