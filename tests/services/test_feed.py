"""Feeds: everyone hears everything wanted, and who is too slow is told so."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from app.domain.errors import AppError, ErrorCode
from app.services.feed import QUEUE_EVENTS, Feed


async def begun(reader: AsyncGenerator[int, None]) -> "asyncio.Task[int]":
    """The read of the first event; the reader is subscribed when this returns."""
    reading = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    return reading


async def test_a_reader_gets_what_it_wants_beginning_with_what_there_was() -> None:
    feed: Feed[int] = Feed()
    async with aclosing(feed.follow(lambda n: n % 2 == 0, first=[1, 2, 4])) as reader:
        assert [await anext(reader), await anext(reader)] == [2, 4]
        reading = await begun(reader)
        for number in (5, 6):
            feed.publish(number)
        assert await reading == 6


async def test_more_beginnings_than_the_queue_holds_are_no_reason_to_be_let_go() -> None:
    feed: Feed[int] = Feed()
    many = QUEUE_EVENTS * 2
    async with aclosing(feed.follow(lambda _: True, first=range(many))) as reader:
        assert [await anext(reader) for _ in range(many)] == [*range(many)]


async def test_a_reader_who_is_too_slow_is_told_so_and_stops_nobody_else() -> None:
    feed: Feed[int] = Feed()
    slow, quick = feed.follow(lambda _: True), feed.follow(lambda _: True)
    async with aclosing(slow), aclosing(quick):
        await_slow, await_quick = await begun(slow), await begun(quick)
        for number in range(QUEUE_EVENTS + 2):
            feed.publish(number)
            if number % 100 == 0:
                assert await (await_quick if number == 0 else anext(quick)) >= 0
        assert await await_slow == 0
        with pytest.raises(AppError) as caught:
            await anext(slow)
    assert caught.value.code is ErrorCode.CONFLICT


async def test_a_reader_who_has_gone_is_forgotten() -> None:
    feed: Feed[int] = Feed()
    async with aclosing(feed.follow(lambda _: True)) as reader:
        reading = await begun(reader)
        feed.publish(1)
        assert await reading == 1
    assert feed._readers == set()
