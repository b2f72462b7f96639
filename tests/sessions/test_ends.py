"""Ending sessions: retired, closed, and with everything they started."""

import asyncio
import functools
import time
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode, NotSent
from app.domain.server import ServerStatus
from app.processes.guard import Guard
from app.processes.guard_program import find_marked
from app.sessions.registry import SessionRegistry
from tests.subjects import plan, recorded, records, subject, text_of
from tests.waiting import is_alive, open_files, until


async def start(registry: SessionRegistry, mode: str, record: Path, revision: str = "r") -> int:
    async with registry.use(plan(subject(mode, record), revision=revision)) as session:
        return int(text_of(await session.call_tool("pid", {})))


def is_dead(pid: int) -> bool:
    return not is_alive(pid)


async def test_a_retired_session_finishes_its_call_and_then_ends(
    registry: SessionRegistry, record: Path
) -> None:
    pid = await start(registry, "plain", record)

    async def call() -> str:
        async with registry.use(plan(subject("plain", record))) as session:
            return text_of(await session.call_tool("sleep", {"seconds": 0.5}))

    calling = asyncio.create_task(call())
    await until(lambda: any(e.get("params", {}).get("name") == "sleep" for e in records(record)))
    registry.retire("s", "r")
    assert registry.status("s", "r") is ServerStatus.DISCONNECTED
    assert is_alive(pid)
    assert await calling == "woke up"
    await until(lambda: not is_alive(pid), seconds=2)
    assert registry.last_error("s", "r") is None


async def test_a_retired_session_without_calls_ends_at_once(
    registry: SessionRegistry, record: Path
) -> None:
    pid = await start(registry, "plain", record)
    registry.retire("s", "r")
    await until(lambda: not is_alive(pid), seconds=2)


async def test_retiring_one_revision_leaves_the_next_alone(
    registry: SessionRegistry, record: Path
) -> None:
    old, new = [await start(registry, "plain", record, revision) for revision in ("r1", "r2")]
    registry.retire("s", "r1")
    await until(lambda: not is_alive(old), seconds=2)
    assert is_alive(new)
    assert await start(registry, "plain", record, "r2") == new


async def test_a_caller_that_comes_too_late_is_sent_elsewhere_and_starts_nothing(
    registry: SessionRegistry, record: Path
) -> None:
    registry.retire("s", "r")
    with pytest.raises(NotSent) as caught:
        await start(registry, "plain", record)
    assert caught.value.message == "Server 's' was changed while the call waited."
    assert registry.status("s", "r") is ServerStatus.DISCONNECTED
    assert not record.exists()


async def test_calls_that_wait_for_a_start_are_sent_elsewhere_when_it_is_given_up(
    registry: SessionRegistry, record: Path
) -> None:
    calls = [asyncio.create_task(start(registry, "hangs", record)) for _ in range(3)]
    await until(record.exists)
    registry.retire("s", "r")
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(error) for error in errors] == [NotSent] * 3
    await until(lambda: not registry.views())


async def test_retiring_what_never_ran_is_fine(registry: SessionRegistry) -> None:
    registry.retire("s", "r")
    assert registry.status("s", "r") is ServerStatus.DISCONNECTED


@pytest.mark.parametrize("mode", ["plain", "grandchild", "grandchild-on-pipes", "stubborn"])
async def test_closing_ends_every_process_within_seconds(
    registry: SessionRegistry, guard: Guard, record: Path, mode: str
) -> None:
    before = set(find_marked(guard.instance))
    pid = await start(registry, mode, record)
    assert set(find_marked(guard.instance)) > before
    started = time.monotonic()
    await registry.close()
    assert time.monotonic() - started < 3
    assert not is_alive(pid)
    await until(lambda: set(find_marked(guard.instance)) <= before, seconds=1)


@pytest.mark.parametrize("mode", ["grandchild", "grandchild-on-pipes"])
async def test_a_grandchild_ends_with_a_server_that_was_killed(
    registry: SessionRegistry, record: Path, mode: str
) -> None:
    async with registry.use(plan(subject(mode, record))) as session:
        with pytest.raises(AppError):
            await session.call_tool("crash", {})
    grandchild = recorded(record, "grandchild")
    await until(lambda: not is_alive(grandchild), seconds=2)


async def test_closing_in_mid_start_ends_the_start(registry: SessionRegistry, record: Path) -> None:
    waiting = asyncio.create_task(start(registry, "hangs", record))
    await until(lambda: len(records(record)) == 2)
    await registry.close()
    with pytest.raises(AppError) as caught:
        await waiting
    assert caught.value.code is ErrorCode.SHUTTING_DOWN
    assert not is_alive(recorded(record, "pid"))


async def test_after_closing_nothing_is_started(registry: SessionRegistry, record: Path) -> None:
    await registry.close()
    with pytest.raises(AppError) as caught:
        await start(registry, "plain", record)
    assert caught.value.code is ErrorCode.SHUTTING_DOWN
    assert records(record) == []


async def test_sessions_leave_no_open_files(registry: SessionRegistry, record: Path) -> None:
    await start(registry, "plain", record, "warm-up")
    registry.retire("s", "warm-up")
    await until(lambda: not is_alive(recorded(record, "pid")))
    before = open_files()
    for number in range(5):
        pid = await start(registry, "plain", record, str(number))
        registry.retire("s", str(number))
        await until(functools.partial(is_dead, pid))
    await until(lambda: open_files() <= before)


async def test_a_forgotten_server_has_no_logs_and_no_problem(
    registry: SessionRegistry, record: Path
) -> None:
    with pytest.raises(AppError):
        await start(registry, "exits", record)
    assert registry.logs("s", 10) == ["first words", "cannot find my settings"]
    registry.forget("s")
    assert registry.logs("s", 10) == []
    assert registry.last_error("s", "r") is None
