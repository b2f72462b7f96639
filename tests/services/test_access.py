"""A server's rules: who may see and call it, and which of its tools, under which names."""

from typing import Any

import pytest

from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.principal import Principal
from app.domain.server import ServerChanges
from app.domain.server_access import ServerAccess
from app.domain.session import ListingKind, SessionFilter
from app.services.calls import call_tool
from app.services.catalog import ForUser, list_entries
from app.services.servers import (
    get_server,
    list_servers,
    server_logs,
    show_server,
    update_server,
    view_server,
)
from app.services.sessions import list_sessions
from app.services.tools import list_tools, list_tools_by_server, resolve_tool_name
from tests.principals import ADMIN, operator, service, user
from tests.services.conftest import World, add, until_started

PAGE = PageRequest(50)


async def restrict(world: World, name: str = "s", **rules: Any) -> None:
    await update_server(world.deps, ADMIN, name, ServerChanges(access=ServerAccess(**rules)))


async def call(world: World, caller: Principal, tool: str = "pid", **more: Any) -> str:
    """OK, or the code of the error."""
    asked = ToolCall(server_name="s", tool_name=tool, arguments={}, **more)
    try:
        await call_tool(world.deps, caller, asked)
    except AppError as error:
        return str(error.code)
    return "OK"


async def test_a_server_for_some_is_not_there_for_others(world: World) -> None:
    await add(world, "open")
    await add(world, "s")
    await restrict(world, users=("ada",), groups=("red",))
    for caller, is_in in (
        (user("ada"), True),
        (user("bob", "red"), True),
        (user("bob", "blue"), False),
        (operator("olga"), True),
        (service("robot", "ada"), False),
        (ADMIN, True),
    ):
        names = [s.name for s in (await list_servers(world.deps, caller, PAGE)).items]
        assert names == (["open", "s"] if is_in else ["open"])
        tools = await list_tools_by_server(world.deps, caller)
        assert [s.name for s, _ in tools] == names
        if not is_in:
            with pytest.raises(AppError) as hidden:
                await show_server(world.deps, caller, "s")
            with pytest.raises(AppError) as missing:
                await show_server(world.deps, caller, "t")
            told = hidden.value.sentence().replace("'s'", "'t'")
            assert (hidden.value.code, told) == (missing.value.code, missing.value.sentence())


async def test_a_page_of_servers_is_full_though_some_are_hidden(world: World) -> None:
    for number in range(6):
        await add(world, f"s{number}")
        if number % 2 == 0:
            await restrict(world, f"s{number}", users=())
    first = await list_servers(world.deps, user("ada"), PageRequest(2))
    assert ([s.name for s in first.items], first.has_next) == (["s1", "s3"], True)
    rest = await list_servers(world.deps, user("ada"), PageRequest(2, "s3"))
    assert ([s.name for s in rest.items], rest.has_next) == (["s5"], False)


async def test_a_call_needs_the_server_to_admit_its_user(world: World) -> None:
    await add(world)
    await restrict(world, users=("ada",), groups=("red",))
    robot, grouped = service("robot", "ada", "bob"), service("robot", "*", groups=("red",))
    assert await call(world, user("ada")) == "OK"
    assert await call(world, user("bob", "red")) == "OK"
    assert await call(world, user("bob")) == ErrorCode.SERVER_NOT_FOUND
    assert await call(world, operator("olga")) == ErrorCode.SERVER_NOT_FOUND
    assert await call(world, robot) == ErrorCode.SERVER_NOT_FOUND
    assert await call(world, robot, username="ada") == "OK"
    assert await call(world, robot, username="bob") == ErrorCode.SERVER_NOT_FOUND
    assert await call(world, robot, username="eve") == ErrorCode.FORBIDDEN
    assert await call(world, grouped, username="eve") == "OK"
    assert await call(world, ADMIN, username="eve") == "OK"


async def test_a_disabled_server_is_not_there_either_for_whom_it_is_not(world: World) -> None:
    await add(world)
    await restrict(world, users=("ada",))
    await update_server(world.deps, ADMIN, "s", ServerChanges(is_enabled=False))
    assert await call(world, user("ada")) == ErrorCode.SERVER_DISABLED
    assert await call(world, user("bob")) == ErrorCode.SERVER_NOT_FOUND


async def test_what_a_server_lists_is_for_its_users(world: World) -> None:
    await add(world)
    await restrict(world, users=())
    with pytest.raises(AppError) as caught:
        await list_entries(world.deps, user("ada"), ForUser("s"), ListingKind.PROMPTS, PAGE)
    assert caught.value.code is ErrorCode.SERVER_NOT_FOUND


async def test_rules_for_tools_hold_for_everybody_at_every_door(world: World) -> None:
    await add(world)
    await until_started(world, "s")
    await restrict(world, denied_tools=("fail",), renamed_tools={"pid": "process"})
    for caller in (ADMIN, user("ada")):
        assert await call(world, caller, "process") == "OK"
        assert await call(world, caller, "pid") == ErrorCode.TOOL_NOT_FOUND
        assert await call(world, caller, "fail") == ErrorCode.TOOL_NOT_FOUND
        page = await list_tools(world.deps, caller, server_name="s", page=PAGE)
        names = {tool.name for _, tool in page.items}
        assert "process" in names
        assert not names & {"pid", "fail"}
        assert await resolve_tool_name(world.deps, caller, "s__process") == ("s", "process")


async def test_read_only_leaves_tools_that_say_that_they_are(world: World) -> None:
    await add(world)
    await until_started(world, "s")
    await restrict(world, is_read_only=True)
    assert await call(world, ADMIN) == ErrorCode.TOOL_NOT_FOUND  # it says nothing of itself
    assert (await list_tools(world.deps, ADMIN, server_name="s", page=PAGE)).items == ()


async def test_new_rules_hold_at_once_and_end_no_session(world: World) -> None:
    await add(world)
    assert await call(world, user("ada")) == "OK"
    before = await get_server(world.deps, "s")
    await restrict(world, users=())
    assert await call(world, user("ada")) == ErrorCode.SERVER_NOT_FOUND
    assert (await get_server(world.deps, "s")).revision == before.revision


async def test_users_do_not_learn_how_a_server_is_reached(world: World) -> None:
    await add(world, env={"KEY": "of the operator"})
    assert await call(world, user("ada")) == "OK"
    server = await show_server(world.deps, user("ada"), "s")
    view = view_server(world.deps, user("ada"), server)
    assert (view.program, view.last_error, view.has_details) == (None, None, False)
    assert "of the operator" not in str(view)
    assert server_logs(world.deps, user("ada"), "s", 100) == []
    assert view_server(world.deps, operator("olga"), server).program is not None


async def test_a_session_that_all_share_is_shown_to_who_may_manage_it(world: World) -> None:
    await add(world)
    assert await call(world, user("ada")) == "OK"
    for caller, number in ((user("ada"), 0), (operator("olga"), 1), (ADMIN, 1)):
        page = await list_sessions(world.deps, caller, SessionFilter(), PAGE)
        assert len(page.items) == number
