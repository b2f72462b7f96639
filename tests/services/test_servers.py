"""Servers added, changed, disabled and deleted, and their sessions with them."""

import asyncio
from pathlib import Path

import pytest

from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.server import Isolation, ServerChanges, ServerStatus
from app.services.calls import call_tool
from app.services.install import install_package
from app.services.servers import (
    add_server,
    delete_server,
    get_server,
    list_servers,
    set_server_enabled,
    update_server,
    view_server,
)
from app.services.starts import start_enabled_servers
from tests.models.factories import server, settings
from tests.services.conftest import OPERATOR, World, add, keep, request, until_started
from tests.subjects import SUBJECT, records, text_of
from tests.waiting import is_alive, until


async def pid_of(world: World, name: str = "s") -> int:
    call = ToolCall(server_name=name, tool_name="pid", arguments={})
    return int(text_of((await call_tool(world.deps, OPERATOR, call)).raw))


async def status_of(world: World, name: str = "s") -> ServerStatus:
    return view_server(world.deps, OPERATOR, await get_server(world.deps, name)).status


async def test_an_added_server_starts_by_itself_and_its_tools_are_kept(world: World) -> None:
    await add(world)
    await until_started(world, "s")
    assert await status_of(world) is ServerStatus.CONNECTED
    assert len((await get_server(world.deps, "s")).tools) == 6


async def test_a_server_of_which_each_user_has_one_is_tried_once_to_learn_its_tools(
    world: World,
) -> None:
    await add(world, isolation=Isolation.PER_USER)
    await until_started(world, "s")
    assert len((await get_server(world.deps, "s")).tools) == 6
    await until(lambda: world.registry.views() == [])


async def test_a_server_that_does_not_start_is_kept_and_says_why(world: World) -> None:
    await add(world, "s", SUBJECT, "exits")
    await until_started(world, "s")
    view = view_server(world.deps, OPERATOR, await get_server(world.deps, "s"))
    assert view.status is ServerStatus.ERROR
    assert view.last_error == (
        "Server 's' did not start: it exited with code 7. "
        "Its last words: first words | cannot find my settings"
    )


async def test_a_taken_name_is_a_conflict_and_the_first_server_stays(world: World) -> None:
    await add(world)
    before = await get_server(world.deps, "s")
    with pytest.raises(AppError) as caught:
        await add_server(world.deps, OPERATOR, settings("s", command="other"))
    assert caught.value.code is ErrorCode.CONFLICT
    assert (await get_server(world.deps, "s")).settings == before.settings


async def test_a_name_under_installation_is_a_conflict(world: World) -> None:
    world.installer.may_finish.clear()
    installing = asyncio.create_task(install_package(world.deps, OPERATOR, request()))
    await until(lambda: world.installer.folders)
    with pytest.raises(AppError) as caught:
        await add_server(world.deps, OPERATOR, settings("s"))
    assert caught.value.code is ErrorCode.CONFLICT
    assert await world.stores.servers.find("s") is None
    world.installer.may_finish.set()
    await installing


async def test_a_malformed_server_is_not_stored(world: World) -> None:
    with pytest.raises(AppError) as caught:
        await add_server(world.deps, OPERATOR, settings("s", command=""))
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, ("command",))
    assert await world.stores.servers.find("s") is None


async def test_a_new_launch_ends_the_old_session_and_starts_another(world: World) -> None:
    await add(world)
    old = await pid_of(world)
    await update_server(world.deps, OPERATOR, "s", ServerChanges(env={"A": "1"}))
    new = await pid_of(world)
    assert new != old
    await until(lambda: not is_alive(old))
    assert is_alive(new)


async def test_new_words_leave_the_session_alone(world: World) -> None:
    await add(world)
    before = await get_server(world.deps, "s")
    pid = await pid_of(world)
    after = await update_server(world.deps, OPERATOR, "s", ServerChanges(description="words"))
    assert (after.revision, after.settings.description) == (before.revision, "words")
    assert await pid_of(world) == pid


async def test_a_refused_update_changes_nothing(world: World) -> None:
    await add(world)
    pid = await pid_of(world)
    before = await get_server(world.deps, "s")
    with pytest.raises(AppError) as caught:
        await update_server(world.deps, OPERATOR, "s", ServerChanges(env={"LD_PRELOAD": "x"}))
    assert caught.value.code is ErrorCode.INVALID_INPUT
    assert await get_server(world.deps, "s") == before
    assert await pid_of(world) == pid


async def test_of_changes_at_the_same_moment_none_is_lost_silently(world: World) -> None:
    await add(world)
    await until_started(world, "s")
    changes = (ServerChanges(display_name="S"), ServerChanges(description="words"))
    results = await asyncio.gather(
        *(update_server(world.deps, OPERATOR, "s", change) for change in changes),
        return_exceptions=True,
    )
    codes = [result.code for result in results if isinstance(result, AppError)]
    assert codes in ([], [ErrorCode.CONFLICT])
    found = (await get_server(world.deps, "s")).settings
    kept = [found.display_name == "S", found.description == "words"]
    assert kept.count(True) == 2 - len(codes)


async def test_a_disabled_server_ends_and_comes_back_when_enabled(world: World) -> None:
    await add(world)
    pid = await pid_of(world)
    disabled = await set_server_enabled(world.deps, OPERATOR, "s", is_enabled=False)
    await until(lambda: not is_alive(pid))
    assert await status_of(world) is ServerStatus.DISCONNECTED
    again = await set_server_enabled(world.deps, OPERATOR, "s", is_enabled=False)
    assert again.revision == disabled.revision
    await set_server_enabled(world.deps, OPERATOR, "s", is_enabled=True)
    assert await pid_of(world) != pid


async def test_changes_in_quick_succession_leave_one_process(world: World, tmp_path: Path) -> None:
    record = tmp_path / "record"
    await add(world, "s", SUBJECT, "plain", str(record))
    for number in range(5):
        await update_server(world.deps, OPERATOR, "s", ServerChanges(env={"N": str(number)}))
    last = await pid_of(world)
    await until_started(world, "s")
    pids = {entry["pid"] for entry in records(record) if "pid" in entry}
    await until(lambda: not any(is_alive(pid) for pid in pids - {last}))
    assert is_alive(last)


async def test_a_deleted_server_is_gone_with_its_session_and_secrets(world: World) -> None:
    await add(world)
    await add(world, "other")
    pid, other = await pid_of(world), await pid_of(world, "other")
    for name in ("s", "other"):
        await keep(world, "ada", "key", "value", name)
    await delete_server(world.deps, OPERATOR, "s")
    assert await world.stores.servers.find("s") is None
    kept = await world.stores.secrets.list_page("ada", None, PageRequest(10))
    assert [secret.ref.server_name for secret in kept] == ["other"]
    await until(lambda: not is_alive(pid))
    assert is_alive(other)


async def test_a_packages_server_cannot_be_deleted_behind_its_back(world: World) -> None:
    done, _ = await install_package(world.deps, OPERATOR, request())
    pid = await pid_of(world)
    with pytest.raises(AppError) as caught:
        await delete_server(world.deps, OPERATOR, "s")
    assert caught.value.code is ErrorCode.CONFLICT
    assert await world.stores.servers.find("s") is not None
    assert world.on_disk() == [done.install_dir]
    assert await pid_of(world) == pid


@pytest.mark.parametrize("name", ["s", "S", "s.x"])
async def test_an_unknown_server_is_not_found(world: World, name: str) -> None:
    await world.stores.servers.insert(server("s.y"))
    for work in (
        get_server(world.deps, name),
        delete_server(world.deps, OPERATOR, name),
        update_server(world.deps, OPERATOR, name, ServerChanges(description="x")),
    ):
        with pytest.raises(AppError) as caught:
            await work
        assert (caught.value.code, caught.value.path) == (
            ErrorCode.SERVER_NOT_FOUND, ("serverName",),
        )  # fmt: skip
    page = await list_servers(world.deps, OPERATOR, PageRequest(10))
    assert [found.name for found in page.items] == ["s.y"]


async def test_at_start_enabled_servers_come_up_and_one_that_fails_stops_no_other(
    world: World,
) -> None:
    for name, command in (("a", "/no/such/program"), ("b", "true"), ("off", "/no/such/program")):
        stored = server(name, settings=settings(name, command=command, is_enabled=name != "off"))
        await world.stores.servers.insert(stored)
    await add(world, "z")
    await until_started(world, "z")
    await start_enabled_servers(world.deps)
    await until_started(world, "a", "b")
    assert [await status_of(world, name) for name in ("a", "b", "off", "z")] == [
        ServerStatus.ERROR, ServerStatus.ERROR, ServerStatus.DISCONNECTED, ServerStatus.CONNECTED,
    ]  # fmt: skip
