"""Starting servers, well and badly, and what every misbehaviour comes to."""

import asyncio
import time
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.launch import Launch, StdioLaunch
from app.domain.seen_secrets import RecentSecrets
from app.domain.server import ServerStatus
from app.processes.guard import Guard
from app.processes.guard_program import find_marked
from app.sessions.listing import MAX_PAGES
from app.sessions.registry import SessionRegistry
from tests.sessions.conftest import Heard
from tests.subjects import FINGERPRINT, launch, plan, recorded, records, subject, text_of
from tests.waiting import is_alive, until


async def tools_of(registry: SessionRegistry, how: Launch) -> tuple[str, ...]:
    async with registry.use(plan(how)) as session:
        return tuple(session.tools)


async def failure(registry: SessionRegistry, how: Launch) -> AppError:
    with pytest.raises(AppError) as caught:
        await tools_of(registry, how)
    assert caught.value.code is ErrorCode.SERVER_DID_NOT_START
    assert registry.status("s", "r") is ServerStatus.ERROR
    assert registry.last_error("s", "r") == caught.value.sentence()
    return caught.value


async def test_a_start_ends_with_the_servers_tools(registry: SessionRegistry, heard: Heard) -> None:
    assert registry.status("s", "r") is ServerStatus.DISCONNECTED
    names = ("fingerprint", "pid", "environment", "leak", "slow", "crash")
    assert await tools_of(registry, launch(FINGERPRINT)) == names
    assert registry.status("s", "r") is ServerStatus.CONNECTED
    assert heard.listings == [("s", "r", names)]


async def test_the_handshake_comes_first_and_only_once(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("plain", record)
    await asyncio.gather(*(tools_of(registry, how) for _ in range(5)))
    methods = [entry["method"] for entry in records(record) if "method" in entry]
    assert methods == ["initialize", "notifications/initialized", "tools/list"]


async def test_every_page_of_a_tool_list_is_read(registry: SessionRegistry) -> None:
    names = ("tool-0", "tool-1", "tool-2", "tool-3", "tool-4")
    assert await tools_of(registry, subject("pages")) == names


async def test_a_tool_list_without_end_is_cut(registry: SessionRegistry) -> None:
    assert len(await tools_of(registry, subject("endless-pages"))) == MAX_PAGES


async def test_a_cursor_that_does_not_move_ends_the_list(registry: SessionRegistry) -> None:
    assert await tools_of(registry, subject("same-cursor")) == ("only",)


async def test_one_bad_tool_does_not_hide_the_rest(registry: SessionRegistry) -> None:
    async with registry.use(plan(subject("odd-tools"))) as session:
        assert set(session.tools) == {"good", "bare"}
        assert session.tools["good"].raw == {
            "name": "good",
            "inputSchema": {},
            "x-vendor": {"kept": [1]},
        }
        assert session.tools["bare"].input_schema == {}


@pytest.mark.parametrize("mode", ["garbage", "string-ids", "asks"])
async def test_a_quirky_server_is_served_all_the_same(registry: SessionRegistry, mode: str) -> None:
    how = subject(mode)
    for word in ("one", "two"):
        async with registry.use(plan(how)) as session:
            assert text_of(await session.call_tool("echo", {"text": word})) == word


async def test_a_servers_own_requests_are_answered(registry: SessionRegistry, record: Path) -> None:
    await tools_of(registry, subject("asks", record))
    theirs = ("theirs-1", "theirs-2", "theirs-3")

    def answers() -> dict[str, dict[str, object]]:
        return {e["id"]: e for e in records(record) if e.get("id") in theirs}

    await until(lambda: len(answers()) == 3)
    assert answers()["theirs-2"]["result"] == {}
    assert "error" in answers()["theirs-1"]
    assert "error" in answers()["theirs-3"]


async def test_a_changed_tool_list_is_read_again(registry: SessionRegistry, heard: Heard) -> None:
    async with registry.use(plan(subject())) as session:
        assert "grown" not in session.tools
        await session.call_tool("grow", {})
        await until(lambda: "grown" in session.tools)
    assert [("grown" in names) for _, _, names in heard.listings] == [False, True]


async def test_a_server_that_exits_at_once_is_quoted(registry: SessionRegistry) -> None:
    error = await failure(registry, subject("exits"))
    assert error.message == "Server 's' did not start: it exited with code 7."
    assert error.hint == "Its last words: first words | cannot find my settings"


async def test_last_words_are_masked(registry: SessionRegistry, seen: RecentSecrets) -> None:
    seen.note(["my settings"])
    error = await failure(registry, subject("exits"))
    assert error.hint == "Its last words: first words | cannot find [secret]"
    assert registry.logs("s", 10) == ["first words", "cannot find [secret]"]
    assert registry.logs("s", 1) == ["cannot find [secret]"]


async def test_a_secret_at_the_end_of_a_long_line_is_not_cut_in_half(
    registry: SessionRegistry, seen: RecentSecrets
) -> None:
    secret = "planted-secret-of-some-length"
    seen.note([secret])
    async with registry.use(plan(launch(FINGERPRINT))) as session:
        for padding in range(1950, 2000, 7):
            with pytest.raises(AppError):
                await session.call_tool("leak", {"a": "." * padding + secret})
    await until(lambda: len(registry.logs("s", 200)) == 8)
    assert not any("planted" in line for line in registry.logs("s", 200))


async def test_a_missing_folder_is_named(registry: SessionRegistry) -> None:
    how = StdioLaunch(
        command="true", args=(), env={}, cwd="/no/such/folder", startup_timeout_seconds=5.0
    )
    error = await failure(registry, how)
    assert error.message == (
        "Server 's' did not start: its folder '/no/such/folder' does not exist."
    )


async def test_a_missing_program_is_named(registry: SessionRegistry) -> None:
    how = StdioLaunch(
        command="/no/such/program", args=(), env={}, cwd=None, startup_timeout_seconds=5.0
    )
    error = await failure(registry, how)
    assert error.message == (
        "Server 's' did not start: '/no/such/program' cannot be run: No such file or directory."
    )


async def test_a_server_that_never_answers_is_given_up_and_ended(
    registry: SessionRegistry, record: Path
) -> None:
    started = time.monotonic()
    error = await failure(registry, subject("hangs", record, startup_timeout_seconds=0.5))
    assert time.monotonic() - started < 4
    assert error.message == "Server 's' did not start: it did not answer within 0.5 s."
    await until(lambda: not is_alive(recorded(record, "pid")))


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("refuses-initialize", "it answered 'not today' (-32000)"),
        ("ancient", "1900-01-01"),
        ("nonsense", "neither a result nor an error"),
    ],
)
async def test_a_handshake_that_fails_says_why(
    registry: SessionRegistry, record: Path, mode: str, words: str
) -> None:
    error = await failure(registry, subject(mode, record))
    assert words in error.message
    await until(lambda: not is_alive(recorded(record, "pid")))


async def test_a_program_that_is_no_mcp_server_is_told_from_one(registry: SessionRegistry) -> None:
    how = StdioLaunch(command="true", args=(), env={}, cwd=None, startup_timeout_seconds=5.0)
    error = await failure(registry, how)
    assert (
        error.message
        == "Server 's' did not start: it exited with code 0 without an answer; it may be no MCP server."
    )


async def test_a_failed_start_is_tried_again_by_the_next_use(
    registry: SessionRegistry, record: Path
) -> None:
    await failure(registry, subject("exits", record))
    assert "echo" in await tools_of(registry, subject("plain", record))
    assert registry.status("s", "r") is ServerStatus.CONNECTED
    assert registry.last_error("s", "r") is None


async def test_a_failed_start_fails_everyone_who_waited_for_it(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("exits", record)
    results = await asyncio.gather(
        *(tools_of(registry, how) for _ in range(20)), return_exceptions=True
    )
    codes = [result.code for result in results if isinstance(result, AppError)]
    assert codes == [ErrorCode.SERVER_DID_NOT_START] * 20
    assert len(records(record)) == 1


async def test_a_caller_that_goes_away_does_not_stop_a_start_others_wait_for(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("plain", record)
    impatient = asyncio.create_task(tools_of(registry, how))
    patient = asyncio.create_task(tools_of(registry, how))
    await until(lambda: records(record))
    impatient.cancel()
    assert "echo" in await patient
    assert len([entry for entry in records(record) if "pid" in entry]) == 1


async def test_failed_starts_leave_no_process(registry: SessionRegistry, guard: Guard) -> None:
    before = set(find_marked(guard.instance))
    for mode in ("exits", "ancient", "refuses-initialize"):
        await failure(registry, subject(mode))
    await until(lambda: set(find_marked(guard.instance)) <= before)
