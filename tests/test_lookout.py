"""What is over is not told of; what is late is told so once."""

import asyncio

from app.lookout import Lookout
from tests.waiting import until


class Item:
    def __init__(self) -> None:
        self.told = 0

    def on_late(self) -> None:
        self.told += 1


async def test_only_what_is_still_there_is_told_and_only_once() -> None:
    lookout = Lookout(0.02)
    quick, slow = Item(), Item()
    for item in (quick, slow):
        lookout.watch(item)
    lookout.forget(quick)
    await until(lambda: slow.told == 1)
    await asyncio.sleep(0.1)  # it would be told again by then
    assert (quick.told, slow.told) == (0, 1)
    lookout.forget(slow)


async def test_what_is_old_already_can_be_forgotten() -> None:
    lookout = Lookout(0.05)
    item, later = Item(), Item()
    lookout.watch(item)
    await asyncio.sleep(0.07)  # between the two looks
    lookout.forget(item)
    lookout.watch(later)
    await until(lambda: later.told == 1)
    assert item.told == 0


async def test_what_is_watched_again_is_told_once_and_can_be_forgotten() -> None:
    lookout = Lookout(0.05)
    again, forgotten = Item(), Item()
    for item in (again, forgotten):
        lookout.watch(item)
    await asyncio.sleep(0.07)  # between the two looks
    for item in (again, forgotten):
        lookout.watch(item)
    lookout.forget(forgotten)
    await asyncio.sleep(0.2)
    assert (again.told, forgotten.told) == (1, 0)


async def test_it_rests_while_there_is_nothing_to_watch() -> None:
    lookout = Lookout(0.01)
    first = Item()
    lookout.watch(first)
    lookout.forget(first)
    await until(lambda: lookout.loop is None)
    second = Item()
    lookout.watch(second)
    await until(lambda: second.told == 1)
