"""Answers of registries: asked for once at a time, a few at once, kept for a while."""

import asyncio

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource, ResolvedVersion
from app.installers.lookups import AT_ONCE, Lookups
from tests.waiting import until


class FakeRegistry:
    """Answers when it is let; counts who asks."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.asked: list[str] = []
        self.most_at_once = 0
        self.failure: AppError | None = None
        self._now = 0

    async def __call__(self, source: PackageSource) -> ResolvedVersion:
        self.asked.append(source.name)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await self.may_answer.wait()
        finally:
            self._now -= 1
        if self.failure is not None:
            raise self.failure
        return ResolvedVersion(f"1.0.{len(self.asked)}")


def source(name: str = "a") -> PackageSource:
    return PackageSource(name=name)


async def test_whoever_asks_the_same_meanwhile_or_soon_after_gets_the_same_answer() -> None:
    lookups, registry = Lookups(), FakeRegistry()
    asking = [asyncio.create_task(lookups.get(source(), registry)) for _ in range(5)]
    await until(lambda: registry.asked)
    registry.may_answer.set()
    answers = {await task for task in asking} | {await lookups.get(source(), registry)}
    assert answers == {ResolvedVersion("1.0.1")}
    assert registry.asked == ["a"]


async def test_an_answer_is_forgotten_after_its_time() -> None:
    lookups, registry = Lookups(kept_seconds=0.0), FakeRegistry()
    registry.may_answer.set()
    assert await lookups.get(source(), registry) == ResolvedVersion("1.0.1")
    assert await lookups.get(source(), registry) == ResolvedVersion("1.0.2")


async def test_few_questions_are_asked_at_once() -> None:
    lookups, registry = Lookups(), FakeRegistry()
    names = [f"p{number}" for number in range(12)]
    asking = [asyncio.create_task(lookups.get(source(name), registry)) for name in names]
    await until(lambda: len(registry.asked) == AT_ONCE)
    registry.may_answer.set()
    await asyncio.gather(*asking)
    assert registry.most_at_once == AT_ONCE
    assert sorted(registry.asked) == sorted(names)


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    lookups, registry = Lookups(), FakeRegistry()
    registry.failure = AppError(ErrorCode.REGISTRY_UNAVAILABLE, "away")
    asking = [asyncio.create_task(lookups.get(source(), registry)) for _ in range(3)]
    await until(lambda: registry.asked)
    registry.may_answer.set()
    failures = await asyncio.gather(*asking, return_exceptions=True)
    assert failures == [registry.failure] * 3
    assert registry.asked == ["a"]
    registry.failure = None
    assert await lookups.get(source(), registry) == ResolvedVersion("1.0.2")


async def test_when_the_one_who_asks_goes_away_the_next_asks_again() -> None:
    lookups, registry = Lookups(), FakeRegistry()
    first = asyncio.create_task(lookups.get(source(), registry))
    await until(lambda: registry.asked)
    second = asyncio.create_task(lookups.get(source(), registry))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await until(lambda: len(registry.asked) == 2)
    registry.may_answer.set()
    assert await second == ResolvedVersion("1.0.2")
