"""Calls over live sessions: many at once, cancelled, unsendable, and through a server's death."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.launch import Launch
from app.processes.environment import BASE
from app.sessions.live import LiveSession
from app.sessions.registry import SessionRegistry
from tests.subjects import FINGERPRINT, launch, plan, records, subject, text_of
from tests.waiting import until


async def ask(
    registry: SessionRegistry, how: Launch, tool: str, revision: str = "r", **arguments: Any
) -> str:
    async with registry.use(plan(how, revision=revision)) as session:
        return text_of(await session.call_tool(tool, arguments))


def in_flight(record: Path, tool: str = "sleep") -> int:
    return sum(entry.get("params", {}).get("name") == tool for entry in records(record))


async def test_a_hundred_calls_at_once_get_their_own_answers(registry: SessionRegistry) -> None:
    how = subject()
    answers = await asyncio.gather(
        *(ask(registry, how, "echo", text=f"number {n}") for n in range(100))
    )
    assert answers == [f"number {n}" for n in range(100)]


async def test_twenty_callers_at_once_share_one_process(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("plain", record)
    pids = await asyncio.gather(*(ask(registry, how, "pid") for _ in range(20)))
    assert len(set(pids)) == 1
    assert [entry for entry in records(record) if "pid" in entry] == [{"pid": int(pids[0])}]


async def test_a_slow_call_holds_up_no_other(registry: SessionRegistry) -> None:
    how = launch(FINGERPRINT)
    slow = asyncio.create_task(ask(registry, how, "slow", seconds=1))
    await ask(registry, how, "pid")
    assert not slow.done()
    assert await slow == "done"


async def test_a_killed_server_fails_its_pending_calls_at_once_and_the_next_call_works(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("plain", record)
    pid = int(await ask(registry, how, "pid"))
    calls = [asyncio.create_task(ask(registry, how, "sleep", seconds=60)) for _ in range(20)]
    await until(lambda: in_flight(record) == 20)
    killed_at = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert time.monotonic() - killed_at < 1
    errors = [result for result in results if isinstance(result, AppError)]
    assert [error.code for error in errors] == [ErrorCode.SERVER_FAILED] * 20
    assert {error.message for error in errors} == {
        "Server 's' ended during the call: it was killed by signal 9."
    }
    assert int(await ask(registry, how, "pid")) != pid


async def test_an_idle_server_that_died_is_started_again_by_itself(
    registry: SessionRegistry,
) -> None:
    how = subject()
    pid = int(await ask(registry, how, "pid"))
    os.kill(pid, signal.SIGKILL)
    await until(lambda: [(v.state, v.restarts) for v in registry.views()] == [("ready", 1)])
    (view,) = registry.views()
    assert view.last_error == "it was killed by signal 9"
    assert registry.last_error("s", "r") is None
    assert view.pid != pid
    assert int(await ask(registry, how, "pid")) == view.pid


async def test_a_server_that_ends_in_mid_call_says_how(registry: SessionRegistry) -> None:
    with pytest.raises(AppError) as caught:
        await ask(registry, subject(), "crash")
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert caught.value.message == "Server 's' ended during the call: it exited with code 3."


async def test_a_call_is_sent_once_even_when_the_server_dies_of_it(
    registry: SessionRegistry, record: Path
) -> None:
    with pytest.raises(AppError):
        await ask(registry, subject("plain", record), "crash")
    assert in_flight(record, "crash") == 1


async def test_a_servers_error_is_passed_on_and_the_session_lives(
    registry: SessionRegistry,
) -> None:
    how = subject()
    pid = await ask(registry, how, "pid")
    with pytest.raises(AppError) as caught:
        await ask(registry, how, "refuse")
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert caught.value.message == (
        "Server 's' answered with an error: I would rather not (-32000)."
    )
    assert await ask(registry, how, "pid") == pid


async def test_an_answer_that_is_no_object_is_an_error_and_the_session_lives(
    registry: SessionRegistry,
) -> None:
    how = subject()
    pid = await ask(registry, how, "pid")
    with pytest.raises(AppError) as caught:
        await ask(registry, how, "odd")
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert await ask(registry, how, "pid") == pid


async def test_a_tools_own_failure_is_data(registry: SessionRegistry) -> None:
    async with registry.use(plan(subject())) as session:
        assert await session.call_tool("fail", {}) == {
            "content": [{"type": "text", "text": "it failed"}],
            "isError": True,
        }


async def test_a_cancelled_call_is_cancelled_at_the_server(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("plain", record)
    call = asyncio.create_task(ask(registry, how, "sleep", seconds=60))
    await until(lambda: in_flight(record) == 1)
    request = next(entry for entry in records(record) if entry.get("method") == "tools/call")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    cancelled = {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": request["id"], "reason": "cancelled by the client"},
    }
    await until(lambda: cancelled in records(record))
    assert await ask(registry, how, "echo", text="still here") == "still here"


def nested(depth: int) -> object:
    value: object = "bottom"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [nested(300), nested(100_000), 2**64, -(2**63) - 1, 10**400, "\ud800", {"\udfff": 1}],
    ids=["deep", "very deep", "big", "small", "huge", "surrogate", "surrogate key"],
)
async def test_arguments_that_json_cannot_carry_are_refused_and_the_session_lives(
    registry: SessionRegistry, record: Path, value: object
) -> None:
    how = subject("plain", record)
    pid = await ask(registry, how, "pid")
    with pytest.raises(AppError) as caught:
        await ask(registry, how, "echo", text=value)
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, ("arguments",))
    assert in_flight(record, "echo") == 0
    assert await ask(registry, how, "pid") == pid


async def test_a_server_that_stops_reading_holds_up_only_its_own_callers(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("plain", record)
    assert await ask(registry, how, "deaf") == "deaf"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await ask(registry, how, "echo", text="x" * 2_000_000)
    assert await ask(registry, how, "echo", revision="other", text="fine") == "fine"


async def test_one_answer_too_large_fails_alone_and_says_why(registry: SessionRegistry) -> None:
    how = subject()
    pid = int(await ask(registry, how, "pid"))
    assert len(await ask(registry, how, "huge", size=1_000_000)) == 1_000_000
    other = asyncio.create_task(ask(registry, how, "sleep", seconds=0.5))
    with pytest.raises(AppError) as caught:
        await ask(registry, how, "huge", size=17 * 1024**2)
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert caught.value.message == (
        "Server 's' answered with an error: The answer is larger than 16 MiB (-32603)."
    )
    assert await other == "woke up"
    assert int(await ask(registry, how, "pid")) == pid


async def test_a_descendant_that_left_the_group_does_not_hide_its_servers_death(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("unmarked-on-pipes", record)
    try:
        pid = int(await ask(registry, how, "pid"))
        call = asyncio.create_task(ask(registry, how, "sleep", seconds=60))
        await until(lambda: in_flight(record) == 1)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(AppError) as caught:
            async with asyncio.timeout(2):
                await call
        assert caught.value.code is ErrorCode.SERVER_FAILED
        assert int(await ask(registry, how, "pid")) != pid
    finally:
        for entry in records(record):
            if "grandchild" in entry:
                os.kill(entry["grandchild"], signal.SIGKILL)


async def test_a_call_on_a_session_that_ended_fails_without_waiting(
    registry: SessionRegistry,
) -> None:
    held: LiveSession
    async with registry.use(plan(subject())) as held:
        pid = int(text_of(await held.call_tool("pid", {})))
        os.kill(pid, signal.SIGKILL)
        await until(held.wire.closed.is_set)
        with pytest.raises(AppError) as caught:
            await held.call_tool("pid", {})
    assert caught.value.code is ErrorCode.SERVER_FAILED


async def test_a_server_gets_the_declared_environment_and_no_other(
    registry: SessionRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECRETS_KEY", "MONGODB_URI", "AWS_SECRET_ACCESS_KEY", "NODE_OPTIONS"):
        monkeypatch.setenv(name, "planted")
    answer = await ask(registry, launch(FINGERPRINT, env={"MINE": "1"}), "environment")
    environment = json.loads(answer)
    assert environment.pop("MINE") == "1"
    environment.pop("LC_CTYPE", None)  # Python sets it itself where there is no locale
    assert set(environment) <= {*BASE, "MCP_API_INSTANCE", "MCP_API_CHILD"}
    assert "planted" not in answer
