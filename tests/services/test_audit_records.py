"""Every change, call and refusal leaves one record, and nobody reads more than they may."""

import asyncio
from typing import Any

import pytest

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import ServerChanges
from app.services.audit_query import list_audit
from app.services.call_stream import stream_call
from app.services.calls import call_tool
from app.services.install import install_package
from app.services.origin import Origin, set_origin
from app.services.secrets import Place, delete_secret, list_secrets, set_secret
from app.services.servers import delete_server, list_servers, update_server
from app.services.users import remove_user
from tests.principals import ADMIN, service, user
from tests.services.conftest import World, add, request
from tests.subjects import SUBJECT, text_of
from tests.waiting import until

ANYTHING = AuditFilter()


async def records(
    world: World, only: AuditFilter = ANYTHING, caller: Principal = ADMIN
) -> list[AuditRecord]:
    """All that were made until now, oldest first."""
    await world.deps.audit.write()
    page = await list_audit(world.deps, caller, only, PageRequest(500))
    return [*reversed(page.items)]


async def told(world: World, **only: Any) -> list[tuple[str, str | None, str | None, str]]:
    found = await records(world, AuditFilter(**only))
    return [(r.action.value, r.server_name, r.target, r.outcome) for r in found]


def asked(tool: str, username: str | None = None) -> ToolCall:
    return ToolCall(server_name="s", tool_name=tool, arguments={}, username=username)


async def test_each_change_and_call_leaves_one_record_and_reading_none(world: World) -> None:
    await add(world)
    await list_servers(world.deps, ADMIN, PageRequest(5))
    await update_server(world.deps, ADMIN, "s", ServerChanges(display_name="S"))
    place = Place(server_name="s", name="token", username="ann")
    await set_secret(world.deps, ADMIN, place, "a value nobody may see")
    await call_tool(world.deps, ADMIN, asked("fingerprint", "ann"))
    with pytest.raises(AppError):
        await call_tool(world.deps, ADMIN, asked("nothing"))
    async for _ in stream_call(world.deps, ADMIN, asked("pid")):
        pass
    await delete_secret(world.deps, ADMIN, place)
    await delete_server(world.deps, ADMIN, "s")
    assert await told(world) == [
        ("add_server", "s", None, "OK"),
        ("update_server", "s", None, "OK"),
        ("set_secret", "s", "token", "OK"),
        ("call_tool", "s", "fingerprint", "OK"),
        ("call_tool", "s", "nothing", "TOOL_NOT_FOUND"),
        ("call_tool", "s", "pid", "OK"),
        ("delete_secret", "s", "token", "OK"),
        ("delete_server", "s", None, "OK"),
    ]
    assert "nobody may see" not in str(await records(world))


async def test_a_record_says_who_for_whom_from_where_and_how_large(world: World) -> None:
    await add(world)
    set_origin(Origin(request_id="trace-7", peer="192.0.2.9", body_bytes=321))
    caller = service("robot", "ann")
    outcome = await call_tool(world.deps, caller, asked("fingerprint", "ann"))
    (record,) = await records(world, AuditFilter(action=Action.CALL_TOOL))
    assert (record.principal, record.username) == ("robot", "ann")
    assert (record.request_id, record.peer, record.request_bytes) == ("trace-7", "192.0.2.9", 321)
    assert record.result_size == len(text_of(outcome.raw))
    assert record.duration_milliseconds >= outcome.duration_milliseconds > 0
    assert record.at.tzinfo is not None


async def test_a_refusal_is_recorded_also_of_what_only_reads(world: World) -> None:
    await add(world)
    with pytest.raises(AppError):
        await list_audit(world.deps, user("eve"), AuditFilter(username="ann"), PageRequest(5))
    with pytest.raises(AppError):
        await delete_server(world.deps, user("eve"), "s")
    with pytest.raises(AppError):
        await call_tool(world.deps, user("eve"), asked("pid", "ann"))
    assert await told(world, principal="eve") == [
        ("read_audit", None, None, "FORBIDDEN"),
        ("delete_server", "s", None, "FORBIDDEN"),
        ("call_tool", "s", "pid", "FORBIDDEN"),
    ]


async def test_what_a_caller_wrote_where_a_name_belongs_is_not_kept(world: World) -> None:
    with pytest.raises(AppError):
        await update_server(world.deps, ADMIN, "my secret!", ServerChanges(display_name="S"))
    assert await told(world) == [("update_server", None, None, "INVALID_INPUT")]


async def test_a_username_that_nobody_can_have_is_on_record_without_it(world: World) -> None:
    await add(world)
    place = Place(server_name="s", name="token", username="my secret ")
    for work in (
        set_secret(world.deps, ADMIN, place, "a value"),
        list_secrets(
            world.deps, ADMIN, username="my secret ", server_name=None, page=PageRequest(5)
        ),
        remove_user(world.deps, ADMIN, "my secret "),
        call_tool(world.deps, ADMIN, asked("pid", "my secret ")),
        call_tool(world.deps, ADMIN, asked("my\nsecret", "ann")),
    ):
        with pytest.raises(AppError) as caught:
            await work
        assert caught.value.code is ErrorCode.INVALID_INPUT
    assert [*await told(world, outcome="INVALID_INPUT")] == [
        ("set_secret", None, None, "INVALID_INPUT"),
        ("read_secrets", None, None, "INVALID_INPUT"),
        ("remove_user", None, None, "INVALID_INPUT"),
        ("call_tool", None, None, "INVALID_INPUT"),
        ("call_tool", None, None, "INVALID_INPUT"),
    ]
    assert "secret " not in str([r.username for r in await records(world)])


async def test_a_tool_that_fails_and_one_that_is_left_are_told_apart(world: World) -> None:
    await add(world, "s", SUBJECT, "plain")
    with pytest.raises(AppError):
        await call_tool(world.deps, ADMIN, asked("crash"))
    work = asyncio.create_task(call_tool(world.deps, ADMIN, asked("hang")))
    await until(lambda: any(c.username == "default" for c in world.deps.calls.values()))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert [row[3] for row in (await told(world, action=Action.CALL_TOOL))] == [
        ErrorCode.SERVER_FAILED,
        "CALLER_GONE",
    ]


async def test_a_change_that_goes_on_without_its_caller_is_told_when_it_is_over(
    world: World,
) -> None:
    world.installer.may_finish.clear()
    work = asyncio.create_task(install_package(world.deps, ADMIN, request()))
    await until(lambda: bool(world.installer.folders))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await told(world) == []
    world.installer.may_finish.set()
    await until(lambda: world.deps.audit.waiting == 1)
    assert await told(world) == [("install_package", "s", "mcp-hello-world", "OK")]


async def test_a_change_that_a_stop_cuts_short_is_told_too(world: World) -> None:
    world.installer.may_finish.clear()
    work = asyncio.create_task(install_package(world.deps, ADMIN, request()))
    await until(lambda: bool(world.installer.folders))
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await world.deps.operations.close()
    assert [row[3] for row in await told(world)] == ["SHUTTING_DOWN"]


async def test_users_read_their_own_records_and_services_those_of_their_users(
    world: World,
) -> None:
    await add(world)
    ann, robot = user("ann"), service("robot", "ann")
    set_origin(Origin(request_id="r", peer="192.0.2.9"))
    await call_tool(world.deps, ann, asked("pid"))
    await call_tool(world.deps, robot, asked("pid", "ann"))
    await call_tool(world.deps, user("bob"), asked("pid"))
    own = await records(world, caller=ann)
    assert [(r.principal, r.username, r.peer) for r in own] == [
        ("ann", "ann", "192.0.2.9"),
        ("robot", "ann", None),  # where others call from is nobody's business
    ]
    assert [r.principal for r in await records(world, AuditFilter(username="ann"), robot)] == [
        "ann",
        "robot",
    ]
    assert [r.principal for r in await records(world, AuditFilter(principal="bob"), ann)] == []
    assert [r.principal for r in await records(world, AuditFilter(action=Action.CALL_TOOL))] == [
        "ann",
        "robot",
        "bob",
    ]
    for caller, username in ((ann, "bob"), (robot, "bob")):
        with pytest.raises(AppError) as caught:
            await records(world, AuditFilter(username=username), caller)
        assert caught.value.code is ErrorCode.FORBIDDEN
