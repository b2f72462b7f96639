"""Calls spread over many users who all have secrets, against all calls by one of them.

Fair because the same product answers the same request with the same load, taking turns; only the
name of the user changes from call to call. The calls go round evenly: each load begins with the
user before whom the last one ended. What is compared is the cost of having users: their secrets
have to be found and opened.

`first calls` are those of users who have not called since the product was started, in rounds of one
second: their secrets are read from the database. `then` is measured after everybody has called
once. What was worked out for a user's call is used for 45 seconds (`app/services/prepared.py`); the
rounds are as long, so that in each of them all of that is worked out anew, once for each user.
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
ROUNDS = 5


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
        then = {
            BASELINE: functools.partial(one.call, sizes.seconds),
            f"{sizes.users} users": functools.partial(many.call, sizes.users_seconds),
        }
        samples = await interleave(then, _rounds(sizes), is_warm=True)
        report.add(samples, when="then", **labels)
    return report


def _rounds(sizes: Sizes) -> int:
    return min(ROUNDS, sizes.repetitions)


async def _first_calls(
    ways: Mapping[str, Callable[[], Awaitable[Sample]]], many: _Users, sizes: Sizes
) -> Samples:
    """Rounds of users who have not called yet; fewer if all of them have."""
    rounds: list[Samples] = []
    while len(rounds) < _rounds(sizes):
        samples = await interleave(ways, 1)
        if rounds and many.called > sizes.users:
            break  # some called for the second time
        rounds.append(samples)
    return {name: [each[name][0] for each in rounds] for name in ways}


async def _set_secrets(product: Product, users: Sequence[str]) -> None:
    left = iter(users)

    async def worker() -> None:
        for user in left:
            await product.set_secrets(user)

    await asyncio.gather(*(worker() for _ in range(SETTING_AT_ONCE)))
