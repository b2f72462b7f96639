"""Calls spread over many users who all have secrets, against all calls by one of them.

Fair because the same product answers the same request with the same load, taking turns; only the
name of the user changes from call to call. The calls go round evenly: each load begins with the
user before whom the last one ended. What is compared is the cost of having users: their secrets
have to be found and opened.

What was worked out for a user's call is kept for less than a minute. `first calls` are those of
users who have not called within a minute, in rounds of one second; `then` is measured after
everybody has called once, as it is with users who keep calling.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bench.gateway_calls import REST_BODY
from bench.harness import Report, Sample, Samples, Sizes, interleave
from bench.load import load
from bench.product import Product, prepared

BASELINE = "1 user"
CONNECTIONS = 16
SETTING_AT_ONCE = 32
FIRST_ROUNDS = 5
FORGOTTEN_SECONDS = 75.0


class _Users:
    """Those who call, in turn; `called` counts their calls."""

    def __init__(self, product: Product, names: Sequence[str]) -> None:
        self.called = 0
        self._url = f"{product.address}/mcp/tool/call"
        self._bodies = [REST_BODY | {"username": name} for name in names]

    async def call(self, seconds: int) -> Sample:
        """A load that begins where the last one ended, or a few users before."""
        at = self.called % len(self._bodies)
        bodies = self._bodies[at:] + self._bodies[:at]
        sample = await load(self._url, bodies, connections=CONNECTIONS, seconds=seconds)
        self.called += int(sample["calls/s"] * seconds)
        return sample


async def run(sizes: Sizes) -> Report:
    """Calls per second over REST."""
    report = Report("gateway_users", sizes, "calls/s", BASELINE)
    async with prepared() as product:
        names = [f"user-{number}" for number in range(sizes.users)]
        await _set_secrets(product, names)
        one, many = _Users(product, names[:1]), _Users(product, names)
        labels = {"users": sizes.users, "connections": CONNECTIONS}
        ways = {BASELINE: one.call, f"{sizes.users} users": many.call}
        await one.call(1)  # the tool's start is not to be in the numbers
        first = {name: functools.partial(way, 1) for name, way in ways.items()}
        report.add(await _first_calls(first, many, sizes), when="first calls", **labels)
        while many.called < sizes.users:
            await many.call(1)
        then = {name: functools.partial(way, sizes.seconds) for name, way in ways.items()}
        report.add(await interleave(then, sizes.repetitions, is_warm=True), when="then", **labels)
    return report


async def _first_calls(
    ways: Mapping[str, Callable[[], Awaitable[Sample]]], many: _Users, sizes: Sizes
) -> Samples:
    """Rounds of users who have not called within a minute; a pause when few of them are left."""
    rounds: list[Samples] = []
    left, begun_at = sizes.users, many.called
    while len(rounds) < min(FIRST_ROUNDS, sizes.repetitions):
        if rounds and left < many.called - begun_at:
            await asyncio.sleep(FORGOTTEN_SECONDS)
            left = sizes.users
        begun_at = many.called
        rounds.append(await interleave(ways, 1))
        left -= many.called - begun_at
    return {name: [each[name][0] for each in rounds] for name in ways}


async def _set_secrets(product: Product, users: Sequence[str]) -> None:
    left = iter(users)

    async def worker() -> None:
        for user in left:
            await product.set_secrets(user)

    await asyncio.gather(*(worker() for _ in range(SETTING_AT_ONCE)))
