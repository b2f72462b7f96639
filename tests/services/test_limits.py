"""Limits of principals, and fair shares of users."""

import asyncio

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.policy import Action
from app.services.fair_share import SETTLED_SECONDS, WINDOW, FairShare, Turn
from app.services.limits import Limits, LimitSettings
from tests.waiting import until


async def count(limits: Limits, principal: str, action: Action) -> None:
    """What the gate does of it."""
    if action in limits.rates:
        await limits.rates[action].count(principal)


async def refused(limits: Limits, principal: str, action: Action) -> AppError:
    with pytest.raises(AppError) as caught:
        await count(limits, principal, action)
    return caught.value


async def test_each_principal_has_a_rate_of_calls_and_of_installs_of_its_own() -> None:
    limits = Limits(LimitSettings(calls_per_second=3, installs_per_hour=2))
    for principal in ("ann", "bob"):
        for _ in range(3):
            await count(limits, principal, Action.CALL_TOOL)
        error = await refused(limits, principal, Action.READ_RESOURCE)
        assert (error.code, error.retry_after_seconds) == (ErrorCode.RATE_LIMITED, 1 / 3)
        assert error.sentence() == "You may make 3 calls each second. Try again in 1 s."
        await count(limits, principal, Action.INSTALL_PACKAGE)
        await count(limits, principal, Action.INSTALL_PACKAGE)
        error = await refused(limits, principal, Action.INSTALL_PACKAGE)
        assert error.retry_after_seconds == 1800
        for _ in range(10):
            await count(limits, principal, Action.READ_SERVERS)
    await asyncio.sleep(0.4)  # time is what is tested
    await count(limits, "ann", Action.CALL_TOOL)


async def test_without_a_limit_there_is_none() -> None:
    limits = Limits(LimitSettings())
    for _ in range(2000):
        await count(limits, "ann", Action.CALL_TOOL)
        await count(limits, "ann", Action.INSTALL_PACKAGE)


def share(at_once: int = 1000, wait_seconds: float = 30.0) -> FairShare:
    return FairShare(at_once=at_once, wait_seconds=wait_seconds)


async def turn_of(fair: FairShare, user: str) -> Turn:
    """What the gate does for it."""
    return fair.enter(user) or await fair.wait(user)


def enter(fair: FairShare, user: str, count: int) -> list[asyncio.Task[Turn]]:
    return [asyncio.create_task(turn_of(fair, user)) for _ in range(count)]


def inside(tasks: list[asyncio.Task[Turn]]) -> int:
    return sum(task.done() for task in tasks)


async def end(fair: FairShare, *many: list[asyncio.Task[Turn]]) -> None:
    """Let every call come in and go out again; then nothing is remembered of anybody."""
    for task in (task for tasks in many for task in tasks):
        fair.leave(await task)
    assert all(user.at_work == 0 and not user.line for user in fair._users.values())


async def test_a_user_who_is_alone_may_have_as_many_calls_as_the_limit_says() -> None:
    fair = share(at_once=50)
    calls = enter(fair, "ann", 52)
    await until(lambda: inside(calls) == 50)
    fair.leave(calls[0].result())
    await until(lambda: inside(calls) == 51)
    fair.leave(calls[1].result())
    await until(lambda: inside(calls) == 52)
    await end(fair, calls[2:])


async def test_whoever_joins_a_user_who_floods_alone_waits_for_a_few_calls_at_most() -> None:
    fair = share()
    flood = enter(fair, "flood", 200)
    await asyncio.sleep(0)
    assert inside(flood) == WINDOW  # not all of them
    turn = await asyncio.wait_for(turn_of(fair, "quiet"), 0.05)
    fair.leave(turn)
    await end(fair, flood)


async def test_a_user_who_floods_keeps_nobody_else_waiting() -> None:
    fair = share()
    first = [await turn_of(fair, "quiet")]
    flood = enter(fair, "flood", 200)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert inside(flood) == WINDOW // 2
    fair.leave(first.pop())
    for _ in range(WINDOW // 2):
        first.append(await asyncio.wait_for(turn_of(fair, "quiet"), 0.05))
    for turn in first:
        fair.leave(turn)
    for task in flood:
        fair.leave(await task)


async def test_long_calls_of_a_user_do_not_hinder_that_users_short_ones() -> None:
    fair = share()
    other = await turn_of(fair, "other")
    long = enter(fair, "ann", WINDOW)
    await until(lambda: inside(long) == WINDOW // 2)
    await asyncio.sleep(SETTLED_SECONDS)  # time is what is tested
    await until(lambda: inside(long) == WINDOW)  # in line until the first ones had settled
    fair.leave(other)
    await end(fair, long)


async def test_many_users_have_one_call_each_at_least() -> None:
    fair = share()
    turns = [await asyncio.wait_for(turn_of(fair, f"u{n}"), 1) for n in range(100)]
    for turn in turns:
        fair.leave(turn)


async def test_who_waits_too_long_or_behind_too_many_is_refused() -> None:
    fair = FairShare(at_once=1, wait_seconds=0.2, most_in_line=2)
    turn = await turn_of(fair, "ann")
    waiting = enter(fair, "ann", 2)
    await asyncio.sleep(0)
    with pytest.raises(AppError) as caught:
        await turn_of(fair, "ann")
    assert caught.value.sentence() == (
        "The user 'ann' has too many calls at work. Try again in 1 s."
    )
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [e.code for e in done if isinstance(e, AppError)] == [ErrorCode.RATE_LIMITED] * 2
    fair.leave(turn)
    fair.leave(await turn_of(fair, "ann"))


async def test_who_leaves_the_line_takes_nobodys_turn() -> None:
    fair = share(at_once=1)
    turn = await turn_of(fair, "ann")
    waiting = enter(fair, "ann", 3)
    await asyncio.sleep(0)
    waiting[0].cancel()
    fair.leave(turn)  # the next one's turn, who is cancelled before it knows
    waiting[1].cancel()
    await asyncio.gather(*waiting[:2], return_exceptions=True)
    fair.leave(await waiting[2])
    fair.leave(await turn_of(fair, "ann"))


async def test_users_who_have_gone_are_forgotten() -> None:
    fair = FairShare(at_once=1, wait_seconds=1.0, busy_seconds=0.01)
    for number in range(50):
        fair.leave(await turn_of(fair, f"u{number}"))
    await asyncio.sleep(0.02)
    fair.leave(await turn_of(fair, "last"))
    assert [*fair._users] == [*fair._busy] == ["last"]
