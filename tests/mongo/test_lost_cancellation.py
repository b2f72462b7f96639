"""A stop in the same moment as a change of another process."""

import asyncio
import contextlib
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from app.mongo.changes import Change, ChangeWatch, Listener
from tests.waiting import until


class FakeCursor:
    """A driver's cursor that loses a cancellation, as the real one can up to Python 3.11."""

    alive = True

    def __init__(self) -> None:
        self.is_closed = False

    async def try_next(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self.is_closed = True


def ignore(_change: Change | None = None) -> None:
    """Nobody listens."""


async def test_a_cancellation_that_the_driver_loses_ends_the_stream_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cursor = FakeCursor()

    async def aggregate(*_args: Any, **_options: Any) -> FakeCursor:
        return cursor

    monkeypatch.setattr(AsyncDatabase, "aggregate", aggregate)
    watch = ChangeWatch(AsyncMongoClient, {"things": "watched"})
    watch.listen(Listener(collection="things", fields=(), on_change=ignore, on_gap=ignore))
    owner = asyncio.create_task(watch.own())
    await until(lambda: watch.is_live)
    owner.cancel()
    await asyncio.wait({owner}, timeout=5)
    assert owner.cancelled()
    assert cursor.is_closed
    assert not watch.is_live
