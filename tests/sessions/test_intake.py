"""What a child writes reaches its reader whole, in order, and not all in one go."""

import asyncio
import sys
from itertools import pairwise

import pytest

from app.processes.environment import base_environment
from app.processes.spawner import Child, Spawner
from app.sessions.intake import LINES_AT_ONCE, Intake
from app.sessions.lines import LineCutter, Overlong

FLOOD = 20 * LINES_AT_ONCE


async def started(spawner: Spawner, intake: Intake, program: str) -> Child:
    child = await spawner.spawn(
        [sys.executable, "-c", program],
        env=base_environment(),
        cwd=None,
        has_stdin=True,
        line_limit=65536,
        on_stdout=intake.feed,
    )
    child.pause_stdout()
    return child


async def test_a_flood_is_handed_on_in_order_and_others_have_their_turns(spawner: Spawner) -> None:
    taken: list[bytes | Overlong] = []
    turns: list[int] = []
    intake = Intake(taken.append, 100)

    async def look() -> None:
        while True:
            turns.append(len(taken))
            await asyncio.sleep(0)

    child = await started(spawner, intake, f"print(*range({FLOOD}), sep='\\n')")
    looking = asyncio.create_task(look())
    async with asyncio.timeout(20):
        await intake.run(child)
    looking.cancel()
    assert taken == [b"%d" % n for n in range(FLOOD)]
    assert max(after - before for before, after in pairwise(turns)) <= 2 * LINES_AT_ONCE
    await child.end(grace_seconds=1)


async def test_what_came_before_anybody_listened_is_not_lost(spawner: Spawner) -> None:
    taken: list[bytes | Overlong] = []
    intake = Intake(taken.append, 100)
    child = await started(spawner, intake, "print('early')")
    await child.process.wait()
    assert taken == []
    async with asyncio.timeout(20):
        await intake.run(child)
    assert taken == [b"early"]
    await child.end(grace_seconds=1)


async def test_a_child_that_ends_while_it_is_behind_is_heard_out(spawner: Spawner) -> None:
    taken: list[bytes | Overlong] = []
    intake = Intake(taken.append, 100)
    intake.feed(b"1\n" * FLOOD)
    child = await started(spawner, intake, "print('last')")
    await child.process.wait()
    async with asyncio.timeout(20):
        await intake.run(child)
    assert taken == [b"1"] * FLOOD + [b"last"]
    await child.end(grace_seconds=1)


STREAM = b"\nshort\n\n" + b"x" * 40 + b"\n" + b'{"id": 7, "a": "' + b"y" * 600 + b'"}\nend\nno end'
# The overlong one is known by its id.
LINES = [b"", b"short", b"", b"x" * 40, 7, b"end"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 41, 300, 1000])
def test_lines_are_the_same_however_the_stream_is_cut(size: int) -> None:
    cutter = LineCutter(40)
    fed = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    lines = [line for data in fed for line in cutter.feed(data)]
    assert [each.message_id() if isinstance(each, Overlong) else each for each in lines] == LINES
