"""Servers with one oddity each: survived, bounded, and nobody else's trouble."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.seen_secrets import RecentSecrets
from app.domain.session import Progress
from app.processes.memory import resident_bytes
from app.processes.run import KEPT_LINE_CHARACTERS
from app.sessions.conversation import MAX_ROUNDS
from app.sessions.listing import MAX_ENTRIES
from app.sessions.record import KEPT_STDERR_LINES
from app.sessions.registry import KEPT_LOG_LINES, SessionRegistry
from app.sessions.wire import MAX_MESSAGE_BYTES
from tests.servers import odd
from tests.sessions.conftest import Heard
from tests.sessions.oddities import echo, failure, go, methods, oddity
from tests.subjects import plan, records, subject, text_of
from tests.waiting import is_alive, until

MIB = 1024**2
# The longest that a call of another session may take while an odd server is at work.
UNDISTURBED_SECONDS = 0.5


class Listener:
    """What one call was told."""

    username = "ada"

    def __init__(self) -> None:
        self.progress: list[Progress] = []

    def on_progress(self, progress: Progress) -> None:
        self.progress.append(progress)

    def on_log(self, message: object) -> None:
        """Not looked at."""


async def slowest_call(registry: SessionRegistry, until_done: asyncio.Task[Any]) -> float:
    """How long the slowest call of another session takes while the task runs."""
    slowest = 0.0
    while not until_done.done():
        started = time.monotonic()
        assert await echo(registry, subject(), "here", revision="other") == "here"
        slowest = max(slowest, time.monotonic() - started)
    return slowest


async def test_the_first_of_two_answers_counts(registry: SessionRegistry) -> None:
    how = oddity("twice")
    for _ in range(3):
        assert text_of(await go(registry, how)) == "the first"
    assert await echo(registry, how, "still here") == "still here"


async def test_what_nobody_understands_is_passed_over(
    registry: SessionRegistry, record: Path
) -> None:
    how = oddity("talks", record)
    async with registry.use(plan(how)) as session:
        listener = Listener()
        assert text_of(await session.call_tool("go", {}, listener)) == "done"
        assert listener.progress == []
    assert await echo(registry, how, "still here") == "still here"
    assert [view.restarts for view in registry.views()] == [0]


async def test_a_storm_of_changes_costs_a_handful_of_reads_and_stalls_nobody(
    registry: SessionRegistry,
    record: Path,
    heard: Heard,
    caplog: pytest.LogCaptureFixture,
) -> None:
    how = oddity("storm", record)
    assert await echo(registry, how, "before") == "before"
    assert await echo(registry, subject(), "before", revision="other") == "before"
    calls = asyncio.create_task(go(registry, how))
    assert await slowest_call(registry, calls) < UNDISTURBED_SECONDS
    assert text_of(await calls) == "calm"
    assert await echo(registry, how, "after") == "after"
    assert methods(record).count("tools/list") <= 6
    assert len(heard.listing_changes) <= 5
    assert heard.listing_changes != []
    assert sum("faster than" in message for message in caplog.messages) <= 5


async def test_a_tool_list_without_end_is_cut_at_so_many_tools(registry: SessionRegistry) -> None:
    async with registry.use(plan(oddity("endless"))) as session:
        assert MAX_ENTRIES <= len(session.tools) <= MAX_ENTRIES + 1000


async def test_a_schema_that_is_none_hides_no_tool(registry: SessionRegistry) -> None:
    async with registry.use(plan(oddity("schemas"))) as session:
        assert {name: tool.raw.get("inputSchema", "no") for name, tool in session.tools.items()} == {
            "echo": {"type": "object"}, "empty": {}, "null": None, "list": [1], "text": "object",
            "true": True, "none": "no",
        }  # fmt: skip
        odd_ones = [tool.input_schema for name, tool in session.tools.items() if name != "echo"]
        assert odd_ones == [{}] * 6
        for name in session.tools:
            assert text_of(await session.call_tool(name, {"text": name})) == name


async def test_a_server_of_the_newest_revision_alone_is_spoken_to_in_it(
    registry: SessionRegistry, record: Path
) -> None:
    how = oddity("modern", record)
    async with registry.use(plan(how)) as session:
        assert session.protocol_version == "2026-07-28"
        assert text_of(await session.call_tool("echo", {"text": "hello"})) == "hello"
    assert methods(record)[:2] == ["initialize", "server/discover"]
    assert "notifications/initialized" not in methods(record)


async def test_what_a_server_speaks_is_asked_only_once(
    registry: SessionRegistry, record: Path
) -> None:
    how = oddity("modern", record)
    await echo(registry, how, "first")
    (view,) = registry.views()
    registry.restart("s")
    await until(lambda: [v.state for v in registry.views() if v.id != view.id] == ["ready"])
    assert await echo(registry, how, "second") == "second"
    assert methods(record).count("initialize") == 1
    assert methods(record).count("server/discover") == 2


async def test_a_tool_with_an_invalid_header_is_not_offered_in_the_newest_revision(
    registry: SessionRegistry,
) -> None:
    async with registry.use(plan(oddity("modern-headers"))) as session:
        assert set(session.tools) == {"echo", "good"}


async def test_a_server_that_hangs_at_the_handshake_holds_up_nobody_else(
    registry: SessionRegistry, record: Path
) -> None:
    hanging = asyncio.create_task(
        echo(registry, subject("hangs", record, startup_timeout_seconds=1), "never")
    )
    await until(lambda: "initialize" in methods(record))
    assert await echo(registry, subject(), "first", revision="other") == "first"
    assert await slowest_call(registry, hanging) < UNDISTURBED_SECONDS
    with pytest.raises(AppError) as caught:
        await hanging
    assert caught.value.message == "Server 's' did not start: it did not answer within 1 s."
    await until(lambda: not is_alive(records(record)[0]["pid"]))


async def test_elicitation_is_declined_and_sampling_and_roots_are_not_there(
    registry: SessionRegistry, record: Path
) -> None:
    answers = json.loads(text_of(await go(registry, oddity("asks", record))))
    assert answers == {
        "elicitation/create": {"action": "decline"},
        "sampling/createMessage": -32600,
        "roots/list": -32600,
    }
    offered = records(record)[0]["params"]["capabilities"]
    assert set(offered) == {"elicitation"}


@pytest.mark.parametrize("length", [20, 2000, 60_000])
async def test_a_flood_on_stderr_is_read_bounded_and_holds_up_no_call(
    registry: SessionRegistry, seen: RecentSecrets, length: int
) -> None:
    seen.note(["a secret, for which every line is searched"])
    how = oddity("floods-stderr")
    assert await echo(registry, subject(), "before", revision="other") == "before"
    calls = asyncio.create_task(go(registry, how, length=length))
    assert await slowest_call(registry, calls) < UNDISTURBED_SECONDS
    assert text_of(await calls) == "flooded"
    await until(lambda: registry.logs("s", 1) == ["the last line"])
    lines = registry.logs("s", 10_000)
    assert len(lines) == min(KEPT_LOG_LINES, 10 * MIB // length + 2)
    assert "(a line too long to keep)" in lines[-3:]
    assert max(map(len, lines)) <= KEPT_LINE_CHARACTERS
    view = next(v for v in registry.views() if v.key.revision == "r")
    assert len(view.stderr) == KEPT_STDERR_LINES


async def test_garbage_beyond_the_limit_fails_the_call_it_stands_for_and_no_other(
    registry: SessionRegistry,
) -> None:
    how = oddity("floods-stdout")
    size = MAX_MESSAGE_BYTES // MIB + 4
    assert await echo(registry, subject(), "before", revision="other") == "before"
    calls = asyncio.create_task(failure(registry, how, size=size, ends=True))
    assert await slowest_call(registry, calls) < UNDISTURBED_SECONDS
    error = await calls
    assert error.code is ErrorCode.SERVER_FAILED
    assert error.message == (
        "Server 's' answered with an error: The answer is larger than 16 MiB (-32603)."
    )
    assert await echo(registry, how, "still here") == "still here"
    assert [view.restarts for view in registry.views()] == [0, 0]


async def test_garbage_without_end_takes_no_memory(registry: SessionRegistry, record: Path) -> None:
    how = oddity("floods-stdout", record)
    await echo(registry, how, "before")
    before = resident_bytes(os.getpid()) or 0
    endless = asyncio.create_task(go(registry, how, size=200, ends=False))
    await until(lambda: {"flooded": True} in records(record), seconds=20)
    after = resident_bytes(os.getpid()) or 0
    assert after - before < 3 * MAX_MESSAGE_BYTES
    endless.cancel()
    with pytest.raises(asyncio.CancelledError):
        await endless


async def test_progress_after_the_result_is_nobodys(registry: SessionRegistry) -> None:
    how = oddity("late-progress")
    async with registry.use(plan(how)) as session:
        for _ in range(20):
            listener = Listener()
            assert text_of(await session.call_tool("go", {}, listener)) == "done"
            await session.call_tool("echo", {"text": "what came late has been read"})
            assert listener.progress == [Progress(1, None, None)]


async def test_half_an_answer_and_a_death_are_the_death(registry: SessionRegistry) -> None:
    how = oddity("half")
    error = await failure(registry, how)
    assert error.code is ErrorCode.SERVER_FAILED
    assert error.message == "Server 's' ended during the call: it exited with code 5."
    assert await echo(registry, how, "again") == "again"


async def test_a_result_that_breaks_its_own_schema_is_passed_on(registry: SessionRegistry) -> None:
    assert await go(registry, oddity("violates")) == {
        "content": [{"type": "text", "text": "unlucky"}],
        "structuredContent": {"sum": "no number"},
    }


async def test_an_answer_that_cannot_be_read_fails_its_call_at_once(
    registry: SessionRegistry,
) -> None:
    error = await failure(registry, oddity("writes-oddly"), written="NaN")
    assert error.code is ErrorCode.SERVER_FAILED
    assert error.message == (
        "Server 's' answered with an error: The answer is no JSON that can be read (-32603)."
    )


async def test_an_answer_too_deep_to_be_written_again_fails_its_call_alone(
    registry: SessionRegistry,
) -> None:
    how = oddity("writes-oddly")
    error = await failure(registry, how, written="[", times=300, closed=300)
    assert error.message == (
        "Server 's' answered with an error: "
        "The answer is nested more than 200 levels deep (-32603)."
    )
    assert await echo(registry, how, "still here") == "still here"


async def test_half_a_character_is_replaced(registry: SessionRegistry) -> None:
    found = await go(registry, oddity("writes-oddly"), written='"cut \\ud83d"')
    assert found == {"content": [], "structuredContent": {"sum": "cut ?"}}


async def test_what_nobody_has_heard_of_is_passed_on_exactly(registry: SessionRegistry) -> None:
    assert await go(registry, oddity("unheard-of")) == odd.UNHEARD_OF


async def test_a_question_in_the_newest_revision_is_declined_and_the_call_made_again(
    registry: SessionRegistry, record: Path
) -> None:
    how = oddity("modern-asks", record)
    answered = json.loads(text_of(await go(registry, how)))
    assert answered == [{"who": {"action": "decline"}}, "sealed: 1/2"]
    answered = json.loads(text_of(await go(registry, how, state=False)))
    assert answered == [{"who": {"action": "decline"}}, None]
    ids = [entry["id"] for entry in records(record) if entry.get("method") == "tools/call"]
    assert len(set(ids)) == 4


async def test_questions_without_end_are_given_up(registry: SessionRegistry, record: Path) -> None:
    error = await failure(registry, oddity("modern-asks", record), **{"for-ever": True})
    assert error.message == (
        "Server 's' answered with an error: it asked for input more than 10 times (-32603)."
    )
    assert methods(record).count("tools/call") == MAX_ROUNDS


async def test_a_question_for_what_is_not_offered_ends_the_call(
    registry: SessionRegistry, record: Path
) -> None:
    how = oddity("modern-asks", record)
    error = await failure(registry, how, what="sampling/createMessage")
    assert error.message == (
        "Server 's' answered with an error: it asked for what is not offered here (-32603)."
    )
    assert methods(record).count("tools/call") == 1
