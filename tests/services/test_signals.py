"""What one process asks of another: `here` does it, `there` asks. Both share the connection only."""

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest
from pymongo import AsyncMongoClient

from app.domain.call import ToolCall
from app.domain.clock import utc_now
from app.domain.data_key import RotationProgress
from app.domain.errors import AppError, ErrorCode
from app.domain.life import new_call_id
from app.domain.package import InstallPhase, PackageProgress
from app.domain.session import Progress
from app.domain.signals import RestartWish
from app.models.signals import SignalDoc
from app.mongo.changes import ChangeWatch
from app.mongo.database import Database
from app.services.call_stream import CallFinished, stream_call
from app.services.cancel_call import cancel_call
from app.services.deps import Deps
from app.services.outbox import Outbox
from app.services.progress import ProgressFeed
from app.services.signals import Inbox
from tests.conftest import Stores
from tests.principals import user
from tests.services.conftest import OPERATOR, World, add
from tests.services.delivering import answer
from tests.subjects import EVERYTHING
from tests.waiting import until

BOB, EVE = user("bob"), user("eve")
STEP = PackageProgress(
    server_name="s",
    package_name="p",
    phase=InstallPhase.INSTALLING,
    message="half of it is there",
    at=utc_now().replace(microsecond=0),
)


@pytest.fixture
async def there(world: World, database: Database) -> AsyncIterator[Deps]:
    """The other process; this one is announced, and does what it is asked."""
    deaf = copy.copy(database)  # Beanie has one connection in a process
    deaf.changes = ChangeWatch(AsyncMongoClient, {})
    signals = Stores.over(deaf, "there").signals
    outbox = Outbox(signals)
    await until(lambda: database.changes.is_live)
    until_then = utc_now() + timedelta(minutes=1)
    for life in (world.deps.life, "there"):
        await world.deps.deployment.announce(life, ["k"], until_then)
    tasks = [asyncio.create_task(work.own()) for work in (Inbox(world.deps), outbox)]
    yield replace(
        world.deps,
        life="there",
        calls={},
        signals=signals,
        outbox=outbox,
        progress=ProgressFeed(world.deps.seen, outbox.put),
    )
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def signals_posted() -> int:
    return await SignalDoc.find_all().count()


async def test_a_call_is_cancelled_from_another_process_by_who_may(
    world: World, there: Deps
) -> None:
    await add(world, "s", EVERYTHING)
    call = ToolCall(server_name="s", tool_name="wait", arguments={})
    async with aclosing(stream_call(world.deps, BOB, call)) as events:
        async for event in events:
            if isinstance(event, Progress):
                break
        (call_id,) = world.deps.calls
        with pytest.raises(AppError) as caught:
            await cancel_call(there, EVE, call_id)
        assert caught.value.code is ErrorCode.CALL_NOT_FOUND
        assert [*world.deps.calls] == [call_id]
        assert await signals_posted() == 1
        await cancel_call(there, BOB, call_id)
        *_, last = [event async for event in events]
    assert isinstance(last, CallFinished)
    assert isinstance(last.result, AppError)
    assert last.result.code is ErrorCode.CALL_CANCELLED


async def test_a_call_that_has_ended_in_the_other_process_is_not_found(
    world: World, there: Deps
) -> None:
    with pytest.raises(AppError) as caught:
        await cancel_call(there, OPERATOR, new_call_id(world.deps.life))
    assert caught.value.code is ErrorCode.CALL_NOT_FOUND
    assert await signals_posted() == 1


@pytest.mark.parametrize("life", ["there", "long gone"])
async def test_nobody_is_asked_about_an_id_that_no_other_process_gave(
    there: Deps, life: str
) -> None:
    with pytest.raises(AppError) as caught:
        await cancel_call(there, OPERATOR, new_call_id(life))
    assert caught.value.code is ErrorCode.CALL_NOT_FOUND
    assert await signals_posted() == 0


async def test_an_install_and_a_rotation_elsewhere_are_followed_here(
    world: World, there: Deps
) -> None:
    async with aclosing(world.deps.progress.follow("s")) as steps:  # type: ignore[type-var]
        first = asyncio.ensure_future(anext(steps))
        await asyncio.sleep(0)
        there.progress.reporter("s", "p")(InstallPhase.INSTALLING, STEP.message)
        told = await first
    assert replace(told, at=STEP.at) == STEP
    rotation = RotationProgress(total=3, done=2, unreadable=0, is_finished=False)
    there.outbox.put(rotation)
    await until(lambda: world.deps.rotations.latest == (rotation,))


async def test_a_server_restarted_elsewhere_is_restarted_here(world: World, there: Deps) -> None:
    await add(world)
    old = await answer(world, "pid", "ada")
    there.outbox.put(RestartWish("s"))
    async with asyncio.timeout(10):
        while await answer(world, "pid", "ada") == old:
            await asyncio.sleep(0.02)
