"""A deadline ends the work of its own task, and is told from other reasons to do so."""

import asyncio

import pytest

from app.deadline import Deadline
from app.lookout import Lookout


class OfItsOwn(Exception):
    """What the work raises when it is ended."""


async def asleep(seconds: float, *, raises: type[Exception] | None = None) -> None:
    """Work without an end, that may take so long."""
    with Deadline(Lookout()) as deadline:
        deadline.allow(seconds)
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            if raises is not None:
                raise raises from None
            raise


@pytest.mark.parametrize("seconds", [0.01, 0.3])
async def test_work_ends_when_its_time_is_up(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(TimeoutError):
        await asleep(seconds)
    assert loop.time() - started > seconds - 0.002  # the loop rounds to milliseconds
    await asyncio.sleep(0)  # nothing of it is left to cancel what comes


async def test_work_that_is_over_in_time_notices_nothing() -> None:
    with Deadline(Lookout(0.01)) as deadline:
        deadline.allow(0.3)
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.4)
    assert not deadline.has_ended


async def test_it_can_be_put_off_before_and_after_it_has_become_late() -> None:
    with Deadline(Lookout(0.01)) as deadline:
        for _ in range(8):
            deadline.allow(0.2)
            await asyncio.sleep(0.05)
    assert not deadline.has_ended


async def test_it_can_be_put_off_again_and_again_from_the_very_beginning() -> None:
    with Deadline(Lookout()) as deadline:
        for _ in range(80):
            deadline.allow(0.3)
            await asyncio.sleep(0.01)
    assert not deadline.has_ended


async def test_other_reasons_to_cancel_the_task_go_before() -> None:
    async def work() -> None:
        with Deadline(Lookout()) as deadline:
            deadline.allow(30)
            deadline.end()
            try:
                await asyncio.sleep(30)
            finally:
                begun.set()

    begun = asyncio.Event()
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert begun.is_set()


async def test_what_raises_of_itself_when_it_is_ended_is_heard() -> None:
    with pytest.raises(OfItsOwn):
        await asleep(0.01, raises=OfItsOwn)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
