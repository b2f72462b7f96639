"""Calls as streams: in order, masked, bounded, and over when the reader leaves."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from app.domain.call import ToolCall, ToolOutcome
from app.domain.errors import AppError, ErrorCode
from app.domain.server import Isolation
from app.domain.session import LogMessage, Progress
from app.services.call_stream import (
    QUEUE_EVENTS,
    CallEvent,
    CallFinished,
    CallStarted,
    stream_call,
)
from app.services.calls import call_tool
from app.services.cancel_call import cancel_call
from tests.principals import user
from tests.services.conftest import OPERATOR, World, add, keep
from tests.subjects import EVERYTHING, FINGERPRINT, records, text_of
from tests.waiting import until


def asked(tool: str, arguments: dict[str, object] | None = None, **more: Any) -> ToolCall:
    return ToolCall(server_name="s", tool_name=tool, arguments=arguments or {}, **more)


def stream(world: World, *args: Any, **more: Any) -> AsyncGenerator[CallEvent, None]:
    return stream_call(world.deps, OPERATOR, asked(*args, **more))


async def whole(world: World, *args: Any, **more: Any) -> list[CallEvent]:
    return [event async for event in stream(world, *args, **more)]


def failure(events: list[CallEvent]) -> AppError:
    """The error in the last event."""
    last = events[-1]
    assert isinstance(last, CallFinished)
    assert isinstance(last.result, AppError)
    return last.result


def cancelled(record: Path) -> list[object]:
    """The ids of the requests that the server was told to cancel."""
    told = (r for r in records(record) if r.get("method") == "notifications/cancelled")
    return [r["params"]["requestId"] for r in told]


def request_id(record: Path, tool: str) -> object:
    calls = (r for r in records(record) if r.get("method") == "tools/call")
    return next(r["id"] for r in calls if r["params"]["name"] == tool)


async def test_a_call_is_told_step_by_step(world: World) -> None:
    await add(world, "s", EVERYTHING)
    first, *steps, last = await whole(world, "count", {"steps": 2})
    assert isinstance(first, CallStarted)
    assert [step for step in steps if isinstance(step, Progress)] == [
        Progress(1, 2, "step 1"), Progress(2, 2, "step 2"),
    ]  # fmt: skip
    assert [step for step in steps if isinstance(step, LogMessage)] == [
        LogMessage("info", "counter", {"at": n, "words": "step"}) for n in (1, 2)
    ]
    assert isinstance(last, CallFinished)
    assert last.call_id == first.call_id
    assert isinstance(last.result, ToolOutcome)
    assert text_of(last.result.raw) == "counted to 2"
    assert last.result.call_id == first.call_id


async def test_a_reader_who_leaves_cancels_the_call_at_its_server(
    world: World, record: Path
) -> None:
    await add(world, "s", EVERYTHING, str(record))
    async with aclosing(stream(world, "wait")) as events:
        async for event in events:
            if isinstance(event, Progress):
                break
    await until(lambda: cancelled(record))
    assert cancelled(record) == [request_id(record, "wait")]
    assert world.deps.calls == {}
    assert [v.calls_in_flight for v in world.registry.views()] == [0]


async def test_a_call_is_cancelled_by_its_id(world: World, record: Path) -> None:
    await add(world, "s", EVERYTHING, str(record))
    events: list[CallEvent] = []
    async for event in stream(world, "wait"):
        events.append(event)
        if isinstance(event, Progress):
            (call_id,) = world.deps.calls
            await cancel_call(world.deps, OPERATOR, call_id)
    error = failure(events)
    assert (error.code, error.message) == (
        ErrorCode.CALL_CANCELLED, "The call was cancelled on request.",
    )  # fmt: skip
    await until(lambda: cancelled(record))
    assert cancelled(record) == [request_id(record, "wait")]


async def test_a_call_can_be_cancelled_as_soon_as_its_id_is_known(world: World) -> None:
    await add(world, "s", EVERYTHING)
    events: list[CallEvent] = []
    async for event in stream(world, "wait"):
        events.append(event)
        if isinstance(event, CallStarted):
            await asyncio.sleep(0)
            await cancel_call(world.deps, OPERATOR, event.call_id)
    assert failure(events).code is ErrorCode.CALL_CANCELLED


async def test_nobody_cancels_anothers_call_or_one_that_is_not_there(world: World) -> None:
    await add(world, "s", EVERYTHING)
    bob, eve = (user(name) for name in ("bob", "eve"))
    async with aclosing(stream_call(world.deps, bob, asked("wait"))) as events:
        async for event in events:
            if isinstance(event, Progress):
                break
        (call_id,) = world.deps.calls
        for principal, given in ((eve, call_id), (OPERATOR, "none"), (bob, "")):
            with pytest.raises(AppError) as caught:
                await cancel_call(world.deps, principal, given)
            assert caught.value.code is ErrorCode.CALL_NOT_FOUND
        assert [*world.deps.calls] == [call_id]
        await cancel_call(world.deps, bob, call_id)
        rest = [event async for event in events]
    assert failure(rest).code is ErrorCode.CALL_CANCELLED


async def test_a_call_that_cannot_be_made_is_told_as_its_end(world: World) -> None:
    started, finished = await whole(world, "echo", username=" ")
    assert isinstance(started, CallStarted)
    assert failure([finished]).code is ErrorCode.INVALID_INPUT
    assert failure(await whole(world, "echo")).code is ErrorCode.SERVER_NOT_FOUND


async def test_a_crash_is_told_as_the_end(world: World) -> None:
    await add(world, "s", FINGERPRINT)
    error = failure(await whole(world, "crash"))
    assert error.code is ErrorCode.SERVER_FAILED
    assert "it exited with code 3" in error.message


async def test_progress_buys_time_and_silence_does_not(world: World) -> None:
    await add(world, "s", EVERYTHING)
    arguments = {"steps": 5, "pause": 0.2}
    events = await whole(world, "count", arguments, timeout_seconds=0.6)
    assert isinstance(events[-1], CallFinished)
    assert isinstance(events[-1].result, ToolOutcome)
    error = failure(await whole(world, "count", {"steps": 2, "pause": 9}, timeout_seconds=0.6))
    assert error.code is ErrorCode.TOOL_TIMEOUT
    assert error.message == (
        "Tool 'count' of server 's' reported no further progress within 0.6 s; "
        "the call was cancelled."
    )


async def test_progress_buys_no_more_time_than_the_longest_call_may_take(world: World) -> None:
    await add(world, "s", EVERYTHING, longest_call_seconds=1.0)
    arguments = {"steps": 100, "pause": 0.1}
    error = failure(await whole(world, "count", arguments, timeout_seconds=0.5))
    assert error.code is ErrorCode.TOOL_TIMEOUT
    assert error.message == (
        "Tool 'count' of server 's' did not finish within 1 s; the call was cancelled."
    )


async def test_a_secret_in_progress_and_logs_is_masked(world: World) -> None:
    await add(world, "s", EVERYTHING)
    await keep(world, "ada", "words", "planted-secret")
    _, *steps, _ = await whole(world, "count", {"steps": 1}, username="ada")
    assert Progress(1, 1, "[secret] 1") in steps
    assert LogMessage("info", "counter", {"at": 1, "words": "[secret]"}) in steps
    assert "planted" not in repr(steps)


async def test_what_a_reader_has_not_read_is_bounded_and_the_end_is_never_lost(
    world: World,
) -> None:
    await add(world, "s", EVERYTHING)
    events = stream(world, "count", {"steps": QUEUE_EVENTS})  # two events a step
    first = await anext(events)
    assert isinstance(first, CallStarted)
    await until(lambda: world.deps.calls)
    await until(lambda: not world.deps.calls)
    *steps, last = [event async for event in events]
    assert len(steps) == QUEUE_EVENTS
    assert isinstance(last, CallFinished)
    assert isinstance(last.result, ToolOutcome)


async def test_log_messages_of_one_users_session_reach_that_user(world: World) -> None:
    await add(world, "s", EVERYTHING, isolation=Isolation.PER_USER)
    found = await asyncio.gather(
        *(whole(world, "count", {"words": name}, username=name) for name in ("ada", "bob"))
    )
    for name, events in zip(("ada", "bob"), found, strict=True):
        logs = [event for event in events if isinstance(event, LogMessage)]
        assert [log.data for log in logs] == [{"at": n, "words": name} for n in (1, 2, 3)]


async def test_log_messages_of_a_shared_session_reach_nobody_once_two_users_have_used_it(
    world: World,
) -> None:
    await add(world, "s", EVERYTHING)
    await call_tool(world.deps, OPERATOR, asked("echo", {"text": "x"}, username="ada"))
    events = await whole(world, "count", username="bob")
    assert len([event for event in events if isinstance(event, Progress)]) == 3
    assert [event for event in events if isinstance(event, LogMessage)] == []
