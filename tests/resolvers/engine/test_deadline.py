"""An operation has a deadline; what it waits for is cancelled."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import strawberry

from app.resolvers.engine.engine import Engine
from app.resolvers.engine.limits import Limits
from app.resolvers.engine.options import EngineOptions

cancelled: list[str] = []


async def wait(name: str) -> str:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        cancelled.append(name)
        raise
    return name


@strawberry.type
class Query:
    @strawberry.field
    async def slow(self) -> str:
        return await wait("query")

    @strawberry.field
    async def late(self) -> str | None:
        raise TimeoutError("of its own")

    @strawberry.field
    def quick(self) -> str:
        return "quick"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def slow(self) -> str:
        return await wait("mutation")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        for tick in range(3):
            await asyncio.sleep(0.04)
            yield tick


@pytest.fixture
def engine() -> Engine:
    schema = strawberry.Schema(Query, Mutation, Subscription)._schema
    limits = Limits(query_seconds=0.05, mutation_seconds=0.1)
    return Engine(schema, EngineOptions(limits=limits))


@pytest.mark.parametrize(("kind", "seconds"), [("query", "0.05"), ("mutation", "0.1")])
async def test_an_operation_that_takes_too_long_is_ended(
    engine: Engine, kind: str, seconds: str
) -> None:
    cancelled.clear()
    result = await engine.execute(f"{kind} {{ slow }}")
    (error,) = result.errors or []
    assert error.message == f"The {kind} took longer than {seconds} seconds and was ended."
    assert error.extensions is not None
    assert error.extensions["code"] == "OPERATION_TIMEOUT"
    assert error.extensions["limit"] == float(seconds)
    assert f"GRAPHQL_{kind.upper()}_SECONDS" in error.extensions["hint"]
    assert (result.data, cancelled) == (None, [kind])


async def test_a_resolvers_own_timeout_is_a_surprise_like_any_other(engine: Engine) -> None:
    result = await engine.execute("{ late quick }")
    assert result.data == {"late": None, "quick": "quick"}
    (error,) = result.errors or []
    assert error.extensions is not None
    assert error.extensions["code"] == "INTERNAL"


async def test_a_subscription_may_go_on_for_longer(engine: Engine) -> None:
    events = await engine.stream("subscription { ticks }")
    assert [event.data async for event in events] == [{"ticks": 0}, {"ticks": 1}, {"ticks": 2}]
