"""Watching over sessions: deaths, back-off, failure, silence, and states one can see."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.server import ServerStatus
from app.domain.session import SessionState
from app.sessions import pace, watch
from app.sessions.registry import SessionRegistry
from tests.sessions.conftest import Heard
from tests.subjects import plan, recorded, records, subject, text_of
from tests.waiting import is_alive, until


def pids(record: Path) -> list[int]:
    return [entry["pid"] for entry in records(record) if "pid" in entry]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pace, a hundred times as fast."""
    monkeypatch.setattr(pace, "FIRST_SECONDS", 0.005)
    monkeypatch.setattr(pace, "COOL_DOWN_SECONDS", 0.6)
    monkeypatch.setattr(pace, "DEMAND_SECONDS", 0.01)


async def test_the_states_of_a_session_are_told_as_they_come(
    registry: SessionRegistry, heard: Heard
) -> None:
    async with registry.use(plan(subject())) as session:
        pid = int(text_of(await session.call_tool("pid", {})))
        (view,) = registry.views()
        assert (view.state, view.pid, view.restarts) == (SessionState.READY, pid, 0)
        assert (view.calls_in_flight, view.protocol_version) == (1, "2025-06-18")
        registry.retire("s", "r")
        assert [v.state for v in registry.views()] == [SessionState.DRAINING]
    await until(lambda: not registry.views())
    states = [v.state for v in heard.changes]
    assert states[:3] == [SessionState.WAITING, SessionState.STARTING, SessionState.READY]
    assert SessionState.DRAINING in states
    assert len({v.id for v in heard.changes}) == 1


@pytest.mark.usefixtures("quick")
async def test_repeated_deaths_end_in_failed_and_a_cool_down_in_another_start(
    registry: SessionRegistry, record: Path
) -> None:
    registry.keep(plan(subject("exits", record)))
    await until(lambda: [v.state for v in registry.views()] == [SessionState.FAILED])
    starts = len(pids(record))
    assert starts == pace.DEATHS_UNTIL_FAILED
    assert registry.status("s", "r") is ServerStatus.ERROR
    assert registry.last_error("s", "r") == (
        "Server 's' did not start: it exited with code 7. "
        "Its last words: first words | cannot find my settings"
    )
    await until(lambda: len(pids(record)) > starts)


async def test_a_call_starts_a_failed_server_at_once(
    registry: SessionRegistry, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST_SECONDS", 0.005)
    monkeypatch.setattr(pace, "DEMAND_SECONDS", 0.01)
    registry.keep(plan(subject("exits", record)))
    await until(lambda: [v.state for v in registry.views()] == [SessionState.FAILED])
    async with asyncio.timeout(5), registry.use(plan(subject("plain", record))) as session:
        assert "echo" in session.tools
    assert registry.status("s", "r") is ServerStatus.CONNECTED


async def test_a_users_own_session_is_not_started_again_unasked(
    registry: SessionRegistry, record: Path
) -> None:
    how = plan(subject("plain", record), owner="ada")
    async with registry.use(how) as session:
        pid = int(text_of(await session.call_tool("pid", {})))
    os.kill(pid, signal.SIGKILL)
    await until(lambda: [v.state for v in registry.views()] == [SessionState.BACKING_OFF])
    assert pids(record) == [pid]
    async with registry.use(how) as session:
        assert int(text_of(await session.call_tool("pid", {}))) != pid


async def test_a_server_that_answers_no_ping_is_replaced(
    registry: SessionRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(watch, "PING_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(watch, "PING_SECONDS", 0.2)
    async with registry.use(plan(subject())) as session:
        pid = int(text_of(await session.call_tool("pid", {})))
    os.kill(pid, signal.SIGSTOP)
    await until(lambda: any(v.restarts == 1 and v.pid != pid for v in registry.views()))
    await until(lambda: not is_alive(pid))
    async with registry.use(plan(subject())) as session:
        assert int(text_of(await session.call_tool("pid", {}))) != pid


async def test_a_server_that_answers_pings_is_left_alone(
    registry: SessionRegistry, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(watch, "PING_AFTER_SECONDS", 0.05)
    registry.keep(plan(subject("plain", record)))
    await until(lambda: [e.get("method") for e in records(record)].count("ping") >= 3)
    assert [v.restarts for v in registry.views()] == [0]
    assert len(pids(record)) == 1


async def test_a_busy_server_is_not_taken_for_a_hanging_one(
    registry: SessionRegistry, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(watch, "PING_SECONDS", 0.1)
    how = plan(subject("one-at-a-time", record))
    async with registry.use(how) as session:
        slow = asyncio.create_task(session.call_tool("sleep", {"seconds": 1}))
        await until(lambda: any(e.get("method") == "tools/call" for e in records(record)))
        with pytest.raises(TimeoutError):  # this one gives up, which raises a doubt
            async with asyncio.timeout(0.05):
                await session.call_tool("pid", {})
        assert text_of(await slow) == "woke up"
    assert len(pids(record)) == 1


async def test_a_session_that_nobody_uses_ends_after_its_time(
    registry: SessionRegistry, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_SECONDS", 0.02)
    how = plan(subject("plain", record), owner="ada", idle_seconds=0.1)
    async with registry.use(how) as session:
        await session.call_tool("sleep", {"seconds": 0.3})
        assert [v.state for v in registry.views()] == [SessionState.READY]
    await until(lambda: not registry.views())
    assert not is_alive(recorded(record, "pid"))


async def test_a_start_that_nobody_waits_for_ends_when_its_server_is_changed(
    registry: SessionRegistry, record: Path
) -> None:
    registry.keep(plan(subject("hangs", record)))
    await until(lambda: pids(record))
    registry.retire("s", "r")
    await until(lambda: not registry.views())
    assert not is_alive(recorded(record, "pid"))


async def test_a_restart_keeps_the_calls_in_flight(registry: SessionRegistry, record: Path) -> None:
    how = plan(subject("plain", record))
    async with registry.use(how) as session:
        slow = asyncio.create_task(session.call_tool("sleep", {"seconds": 0.5}))
        await until(lambda: any(e.get("method") == "tools/call" for e in records(record)))
        registry.restart("s")
        async with registry.use(how) as fresh:
            new = int(text_of(await fresh.call_tool("pid", {})))
        assert text_of(await slow) == "woke up"
    assert pids(record)[-1] == new
    assert len(pids(record)) == 2


async def test_a_request_that_never_reached_the_server_says_so(
    registry: SessionRegistry,
) -> None:
    async with registry.use(plan(subject(), owner="ada")) as session:
        pid = int(text_of(await session.call_tool("pid", {})))
        os.kill(pid, signal.SIGKILL)
        await until(session.wire.closed.is_set)
        with pytest.raises(AppError) as caught:
            await session.call_tool("pid", {})
    assert type(caught.value).__name__ == "NotSent"
    assert caught.value.code is ErrorCode.SERVER_FAILED
