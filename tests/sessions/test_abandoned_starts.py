"""Starts that nobody waits for any more: they end at once, or never begin."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.seen_secrets import RecentSecrets
from app.domain.session import SessionState
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.sessions.registry import SessionRegistry
from app.sessions.slots import SessionLimits
from tests.sessions.conftest import Heard
from tests.subjects import plan, recorded, records, subject, text_of
from tests.waiting import is_alive, until


@pytest.fixture
async def one_by_one(
    spawner: Spawner, files: PrivateFiles, seen: RecentSecrets, heard: Heard
) -> AsyncIterator[SessionRegistry]:
    """A registry that starts one session at a time."""
    limits = SessionLimits(starts_at_once=1)
    registry = SessionRegistry(
        spawner=spawner, files=files, seen=seen, on_tools=heard.on_tools, limits=limits
    )
    yield registry
    await registry.close()


async def test_one_that_is_taken_back_before_its_turn_never_begins(
    one_by_one: SessionRegistry, record: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    one_by_one.keep(plan(subject("hangs", other), revision="other"))
    await until(lambda: records(other))
    one_by_one.keep(plan(subject("plain", record)))
    await until(lambda: [v.state for v in one_by_one.views()] == [SessionState.STARTING] * 2)
    one_by_one.retire("s", "r")
    one_by_one.retire("s", "other")
    await until(lambda: not one_by_one.views(), seconds=5)
    assert records(record) == []


async def test_one_whose_caller_has_left_lets_the_next_begin(
    one_by_one: SessionRegistry, record: Path, tmp_path: Path
) -> None:
    async def wait_for(revision: str, note: Path) -> None:
        async with one_by_one.use(plan(subject("hangs", note), revision=revision)):
            pass

    other = tmp_path / "other.jsonl"
    first = asyncio.create_task(wait_for("first", other))
    await until(lambda: records(other))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait_for("second", record), 0.2)
    first.cancel()
    one_by_one.retire("s", "second")
    one_by_one.retire("s", "first")
    async with asyncio.timeout(5), one_by_one.use(plan(subject())) as session:
        assert text_of(await session.call_tool("echo", {"text": "x"})) == "x"
    assert records(record) == []


async def test_one_may_be_taken_back_more_than_once(
    registry: SessionRegistry, record: Path
) -> None:
    registry.keep(plan(subject("hangs", record)))
    await until(lambda: len(records(record)) == 2)
    (entry,) = registry.entries
    for _ in range(3):
        registry.retire("s", "r")
        registry.forget("s")
        entry.stop(drain_seconds=0, grace_seconds=0.5)
        await asyncio.sleep(0)
    await until(lambda: not registry.views(), seconds=5)
    assert not is_alive(recorded(record, "pid"))
