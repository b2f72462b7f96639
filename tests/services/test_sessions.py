"""Sessions looked at, watched and restarted."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.server import Isolation
from app.domain.session import ListingKind, SessionFilter, SessionState
from app.services.calls import call_tool
from app.services.servers import get_server, restart_server, set_server_enabled
from app.services.sessions import (
    find_session,
    follow_listings,
    follow_sessions,
    list_sessions,
    memory_of,
    page_key,
    sessions_of,
)
from tests.principals import user
from tests.services.conftest import OPERATOR, World, add, until_started
from tests.subjects import EVERYTHING, SUBJECT, text_of
from tests.waiting import until

BOB = user("bob")
PAGE = PageRequest(100)
ANY = SessionFilter()


async def call(world: World, tool: str, username: str | None = None, name: str = "s") -> str:
    asked = ToolCall(server_name=name, tool_name=tool, arguments={}, username=username)
    return text_of((await call_tool(world.deps, OPERATOR, asked)).raw)


async def test_a_shared_session_is_shown_with_all_that_is_known_of_it(world: World) -> None:
    await add(world)
    pid = await call(world, "pid")
    (view,) = (await list_sessions(world.deps, OPERATOR, ANY, PAGE)).items
    assert (view.key.server_name, view.key.owner) == ("s", None)
    assert (view.state, view.pid, view.protocol_version) == (
        SessionState.READY, int(pid), "2025-06-18",
    )  # fmt: skip
    assert (view.restarts, view.last_error, view.calls_in_flight) == (0, None, 0)
    assert view.last_used_at is not None
    assert view.since <= view.last_used_at


async def test_a_users_own_session_is_shown_to_that_user_and_to_operators(world: World) -> None:
    await add(world, isolation=Isolation.PER_USER)
    for username in ("ada", "bob"):
        await call(world, "pid", username)
    shown = (await list_sessions(world.deps, BOB, ANY, PAGE)).items
    assert {view.key.owner for view in shown} <= {"bob", None}
    everything = await sessions_of(world.deps, OPERATOR, "s")
    assert {"ada", "bob"} <= {view.key.owner for view in everything}
    (ada,) = (view for view in everything if view.key.owner == "ada")
    assert await find_session(world.deps, BOB, ada.id) is None
    assert await find_session(world.deps, OPERATOR, ada.id) == ada


async def test_sessions_are_paged_and_filtered(world: World) -> None:
    for name in ("b", "a", "c"):
        await add(world, name)
        await call(world, "pid", name=name)
    found: list[str] = []
    after: str | None = None
    while True:
        page = await list_sessions(world.deps, OPERATOR, ANY, PageRequest(2, after))
        found += [view.key.server_name for view in page.items]
        if not page.has_next:
            break
        after = page_key(page.items[-1])
    assert found == ["a", "b", "c"]
    (only,) = (await list_sessions(world.deps, OPERATOR, SessionFilter("b"), PAGE)).items
    assert only.key.server_name == "b"
    failed = SessionFilter(state=SessionState.FAILED)
    assert (await list_sessions(world.deps, OPERATOR, failed, PAGE)).items == ()


@pytest.mark.parametrize("only", [SessionFilter("../s"), SessionFilter("")])
async def test_a_malformed_filter_is_refused(world: World, only: SessionFilter) -> None:
    with pytest.raises(AppError) as caught:
        await list_sessions(world.deps, OPERATOR, only, PAGE)
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, ("serverName",))


async def test_a_watcher_sees_a_session_from_start_to_end(world: World) -> None:
    await add(world, "other")
    states = []
    async with aclosing(follow_sessions(world.deps, OPERATOR, "s")) as views:
        watching = asyncio.create_task(anext(views))
        await asyncio.sleep(0)
        await add(world)
        states.append((await watching).state)
        async for view in views:
            states.append(view.state)
            if view.state is SessionState.READY:
                await set_server_enabled(world.deps, OPERATOR, "s", is_enabled=False)
            if view.state is SessionState.ENDED:
                break
    assert list(dict.fromkeys(states)) == [
        SessionState.WAITING, SessionState.STARTING, SessionState.READY, SessionState.DRAINING,
        SessionState.ENDED,
    ]  # fmt: skip


async def test_a_watcher_begins_with_what_is_there(world: World) -> None:
    await add(world)
    pid = int(await call(world, "pid"))
    async with aclosing(follow_sessions(world.deps, OPERATOR, None)) as views:
        assert (await anext(views)).pid == pid


async def test_every_listing_that_changes_is_told_to_those_who_watch_it(world: World) -> None:
    await add(world, "s", EVERYTHING)
    await until_started(world, "s")
    kinds = frozenset({ListingKind.TOOLS, ListingKind.PROMPTS})
    async with aclosing(follow_listings(world.deps, OPERATOR, "s", kinds)) as changes:
        first = asyncio.create_task(anext(changes))
        await asyncio.sleep(0)
        await call(world, "grow")
        heard = {(await first).kind, (await anext(changes)).kind}
    assert heard == kinds
    stored = await get_server(world.deps, "s")
    assert "grown" in [tool.name for tool in stored.tools]


async def test_a_session_of_a_process_holds_memory_and_another_is_not_asked(world: World) -> None:
    await add(world)
    await call(world, "pid")
    (view,) = await sessions_of(world.deps, OPERATOR, "s")
    held = await memory_of(world.deps, view)
    assert held is not None
    assert 1024**2 < held < 200 * 1024**2
    assert await memory_of(world.deps, replace(view, pid=None)) is None


async def test_a_restart_brings_a_new_process_and_lets_a_call_finish(world: World) -> None:
    await add(world, "s", SUBJECT, "plain")
    before = await call(world, "pid")
    slow = ToolCall(server_name="s", tool_name="sleep", arguments={"seconds": 0.5})
    calling = asyncio.create_task(call_tool(world.deps, OPERATOR, slow))
    await until(lambda: [v for v in world.registry.views() if v.calls_in_flight])
    await restart_server(world.deps, OPERATOR, "s")
    assert await call(world, "pid") != before
    assert text_of((await calling).raw) == "woke up"


async def test_a_disabled_server_is_not_restarted(world: World) -> None:
    await add(world, is_enabled=False)
    with pytest.raises(AppError) as caught:
        await restart_server(world.deps, OPERATOR, "s")
    assert caught.value.code is ErrorCode.SERVER_DISABLED
    assert world.registry.views() == []
