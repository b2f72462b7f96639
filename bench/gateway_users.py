"""Calls spread over many users who all have secrets, against all calls by one of them.

Fair because the same product answers the same request with the same load, taking turns; only the
name of the user changes from call to call. What is compared is the cost of having users: their
secrets have to be found and opened for each call.
"""

import asyncio
import functools

from bench.gateway_calls import REST_BODY
from bench.harness import Report, Sizes, interleave
from bench.load import load
from bench.product import Product, prepared

BASELINE = "1 user"
CONNECTIONS = 16
SETTING_AT_ONCE = 32


async def run(sizes: Sizes) -> Report:
    """Calls per second over REST."""
    report = Report("gateway_users", sizes, "calls/s", BASELINE)
    async with prepared() as product:
        users = [f"user-{number}" for number in range(sizes.users)]
        await _set_secrets(product, users)
        by_user = [REST_BODY | {"username": user} for user in users]
        url = f"{product.address}/mcp/tool/call"
        share = {"connections": CONNECTIONS, "seconds": sizes.seconds}
        ways = {
            BASELINE: functools.partial(load, url, by_user[:1], **share),
            f"{len(users)} users": functools.partial(load, url, by_user, **share),
        }
        report.add(await interleave(ways, sizes.repetitions), connections=CONNECTIONS)
    return report


async def _set_secrets(product: Product, users: list[str]) -> None:
    left = iter(users)

    async def worker() -> None:
        for user in left:
            await product.set_secrets(user)

    await asyncio.gather(*(worker() for _ in range(SETTING_AT_ONCE)))
