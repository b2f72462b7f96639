"""An upgrade is proved beside the version that serves, switched in whole, and can be taken back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.package import Runtime, UpgradePolicy
from app.domain.package_record import HeldForApproval, Package, PackageStatus
from app.domain.server import ServerChanges, ServerStatus
from app.domain.tool_diff import ToolAspect, ToolDiff
from app.services.calls import call_tool
from app.services.packages import set_upgrade_policy
from app.services.servers import update_server
from app.services.uninstall import uninstall_package
from app.services.upgrade import Upgrade, UpgradeWish, rollback_package, upgrade_package
from tests.services.conftest import (
    OPERATOR,
    World,
    assert_nothing_is_left,
    install,
    stored,
)
from tests.services.fake_installer import ADDS, BREAKS, BROKEN, FIRST, OLD_MCP, SAME
from tests.waiting import until


async def upgrade(world: World, **wish: Any) -> Upgrade:
    return await upgrade_package(world.deps, OPERATOR, UpgradeWish(server_name="s", **wish))


async def refused(world: World, **wish: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        await upgrade(world, **wish)
    return caught.value


async def call(world: World, tool: str, **arguments: object) -> str:
    wanted = ToolCall(server_name="s", tool_name=tool, arguments=arguments)
    outcome = await call_tool(world.deps, OPERATOR, wanted)
    content: Any = outcome.raw["content"]
    return str(content[0]["text"])


@contextlib.asynccontextmanager
async def a_call_in_flight(world: World) -> AsyncIterator[asyncio.Task[str]]:
    task = asyncio.create_task(call(world, "slow", seconds=0.5))
    await until(lambda: any(v.calls_in_flight for v in world.registry.views()))
    yield task
    await task


async def test_an_upgrade_switches_version_tools_and_folder_and_keeps_what_was(
    world: World,
) -> None:
    before, old_server = await install(world)
    world.installer.latest = ADDS
    done = await upgrade(world)
    package, server = await stored(world)
    world.serves(package, server)
    assert (done.version, done.is_switched, done.diff) == (ADDS, True, ToolDiff(added=("more",)))
    assert (package.version, package.last_diff) == (ADDS, done.diff)
    assert before.build is not None
    assert package.previous == replace(before.build, tools=old_server.tools)
    assert package.upgraded_at is not None
    assert "more" in {tool.name for tool in server.tools}
    assert server.revision != old_server.revision
    assert world.registry.status("s", server.revision) is ServerStatus.CONNECTED
    await until(lambda: len(world.registry.views()) == 1)


async def test_calls_in_flight_finish_on_the_old_session(world: World) -> None:
    await install(world)
    old = await call(world, "pid")
    world.installer.latest = SAME
    async with a_call_in_flight(world) as slow:
        await upgrade(world)
        assert not slow.done()
        assert await call(world, "pid") != old
        assert await slow == "done"


async def test_a_version_that_does_not_start_changes_nothing_and_says_its_last_words(
    world: World,
) -> None:
    before, server = await install(world)
    pid = await call(world, "pid")
    error = await refused(world, version=BROKEN)
    assert error.code is ErrorCode.SERVER_DID_NOT_START
    assert "it cannot be" in error.sentence()
    package, after = await stored(world)
    assert after.revision == server.revision
    assert replace(package, error=None) == before
    assert "it cannot be" in (package.error or "")
    world.serves(package, after)
    assert await call(world, "pid") == pid


async def test_a_version_that_does_not_exist_changes_nothing(world: World) -> None:
    before, _ = await install(world)
    assert (await refused(world, version="9.9.9")).code is ErrorCode.VERSION_NOT_FOUND
    package, server = await stored(world)
    assert package == before
    world.serves(package, server)


async def test_an_upgrade_to_what_is_there_does_nothing(world: World) -> None:
    before, server = await install(world)
    done = await upgrade(world)
    assert (done.is_switched, done.diff, len(world.installer.folders)) == (False, ToolDiff(), 1)
    assert await stored(world) == (before, server)


async def test_a_dry_run_shows_what_would_change_and_changes_nothing(world: World) -> None:
    before, server = await install(world)
    done = await upgrade(world, version=BREAKS, is_dry_run=True)
    assert done.diff is not None
    assert (done.version, done.is_switched) == (BREAKS, False)
    assert (done.diff.removed, done.diff.changed[0].aspects) == (
        ("crash",),
        (ToolAspect.DESCRIPTION,),
    )
    assert await stored(world) == (before, server)
    world.serves(before, server)
    await until(lambda: len(world.registry.views()) == 1)


async def test_a_rollback_goes_back_without_the_registry_and_can_be_taken_back(
    world: World,
) -> None:
    await install(world)
    await upgrade(world, version=BREAKS)
    world.installer.failure = AppError(ErrorCode.REGISTRY_UNAVAILABLE, "There is no network.")
    done = await rollback_package(world.deps, OPERATOR, "s")
    package, server = await stored(world)
    world.serves(package, server)
    assert done.diff is not None
    assert (done.version, done.diff.added, package.version) == (FIRST, ("crash",), FIRST)
    assert len(world.installer.folders) == 2
    again = await rollback_package(world.deps, OPERATOR, "s")
    assert (again.version, again.diff and again.diff.removed) == (BREAKS, ("crash",))


async def test_a_rollback_without_a_version_before_is_a_conflict(world: World) -> None:
    before, server = await install(world)
    with pytest.raises(AppError) as caught:
        await rollback_package(world.deps, OPERATOR, "s")
    assert caught.value.code is ErrorCode.CONFLICT
    assert await stored(world) == (before, server)


async def test_of_three_versions_two_are_kept(world: World) -> None:
    await install(world)
    for version in (SAME, ADDS):
        await upgrade(world, version=version)
    package, server = await stored(world)
    world.serves(package, server)
    assert len(world.on_disk()) == 2
    assert package.previous is not None
    assert package.previous.version == SAME


async def test_what_the_operator_added_and_changed_stays(world: World) -> None:
    await install(world, args=("--installed",))
    _, server = await stored(world)
    more = ServerChanges(args=(*server.settings.args, "--added"), env={"LEVEL": "high"})
    await update_server(world.deps, OPERATOR, "s", more)
    await upgrade(world, version=SAME)
    _, server = await stored(world)
    assert server.settings.args == ("-S", "{packageDir}/server.py", "--installed", "--added")
    assert server.settings.env == {"LEVEL": "high"}


async def test_a_change_of_the_server_in_mid_upgrade_is_kept(world: World) -> None:
    await install(world)
    world.installer.may_finish.clear()
    upgrading = asyncio.create_task(upgrade(world, version=ADDS))
    await until(lambda: len(world.installer.folders) == 2)
    await update_server(world.deps, OPERATOR, "s", ServerChanges(env={"LEVEL": "high"}))
    world.installer.may_finish.set()
    await upgrading
    package, server = await stored(world)
    world.serves(package, server)
    assert (package.version, server.settings.env) == (ADDS, {"LEVEL": "high"})
    assert '"LEVEL": "high"' in await call(world, "environment")


async def test_a_disabled_server_is_upgraded_and_stays_so(world: World) -> None:
    await install(world, is_enabled=False)
    await upgrade(world, version=ADDS)
    package, server = await stored(world)
    world.serves(package, server)
    assert (package.version, server.settings.is_enabled) == (ADDS, False)
    await until(lambda: world.registry.views() == [])


async def test_a_breaking_upgrade_waits_for_approval_where_that_is_wanted(world: World) -> None:
    await install(world, policy=UpgradePolicy.HOLD_BREAKING)
    assert (await upgrade(world, version=ADDS)).is_switched
    error = await refused(world, version=BREAKS)
    assert isinstance(error, HeldForApproval)
    assert error.code is ErrorCode.HELD_FOR_APPROVAL
    package, server = await stored(world)
    world.serves(package, server)
    assert package.held is not None
    assert (package.version, package.held.build.version, package.error) == (ADDS, BREAKS, None)
    assert package.held.diff == error.held.diff
    installs = len(world.installer.folders)
    assert isinstance(await refused(world, version=BREAKS), HeldForApproval)
    done = await upgrade(world, is_approval=True)
    package, server = await stored(world)
    world.serves(package, server)
    assert (done.version, package.version, package.held) == (BREAKS, BREAKS, None)
    assert len(world.installer.folders) == installs


async def test_approval_needs_something_that_is_held(world: World) -> None:
    await install(world)
    assert (await refused(world, is_approval=True)).code is ErrorCode.CONFLICT
    assert (await refused(world, is_approval=True, version=SAME)).code is ErrorCode.INVALID_INPUT


async def test_what_was_held_is_switched_in_when_the_policy_no_longer_holds_it(
    world: World,
) -> None:
    await install(world, policy=UpgradePolicy.HOLD_BREAKING)
    await refused(world, version=BREAKS)
    await set_upgrade_policy(world.deps, OPERATOR, "s", UpgradePolicy.AUTOMATIC)
    assert (await upgrade(world, version=BREAKS)).is_switched
    package, server = await stored(world)
    world.serves(package, server)
    assert len(world.installer.folders) == 2


async def test_another_upgrade_replaces_what_was_held(world: World) -> None:
    await install(world, policy=UpgradePolicy.HOLD_BREAKING)
    await refused(world, version=BREAKS)
    await upgrade(world, version=ADDS)
    package, server = await stored(world)
    world.serves(package, server)
    assert (package.version, package.held) == (ADDS, None)


async def test_an_uninstall_removes_every_version(world: World) -> None:
    await install(world, policy=UpgradePolicy.HOLD_BREAKING)
    await upgrade(world, version=SAME)
    await refused(world, version=BREAKS)
    assert len(world.on_disk()) == 3
    await uninstall_package(world.deps, OPERATOR, "s", keep_secrets=False)
    await until(lambda: world.registry.views() == [])
    await assert_nothing_is_left(world)


@pytest.mark.parametrize("is_install", [True, False])
async def test_a_python_server_that_dies_of_mcp_2_gets_mcp_1(
    world: World,
    is_install: bool,  # noqa: FBT001 - both are tried
) -> None:
    version = OLD_MCP if is_install else FIRST
    await install(world, runtime=Runtime.PYTHON, version=version)
    if not is_install:
        await upgrade(world, version=OLD_MCP)
    package, server = await stored(world)
    world.serves(package, server)
    assert package.build is not None
    assert (package.version, package.build.requirements) == (OLD_MCP, ("mcp<2",))
    assert package.source.requirements == ()


async def test_a_node_server_that_dies_alike_does_not(world: World) -> None:
    with pytest.raises(AppError) as caught:
        await install(world, version=OLD_MCP)
    assert caught.value.code is ErrorCode.SERVER_DID_NOT_START
    await assert_nothing_is_left(world)


async def test_while_one_operation_is_under_way_every_other_is_a_conflict(world: World) -> None:
    await install(world)
    world.installer.may_finish.clear()
    upgrading = asyncio.create_task(upgrade(world, version=ADDS))
    await until(lambda: len(world.installer.folders) == 2)
    others = (
        upgrade(world, version=SAME),
        rollback_package(world.deps, OPERATOR, "s"),
        uninstall_package(world.deps, OPERATOR, "s", keep_secrets=False),
        install(world),
    )
    results = await asyncio.gather(*others, return_exceptions=True)
    assert [r.code for r in results if isinstance(r, AppError)] == [ErrorCode.CONFLICT] * 4
    found = await world.stores.packages.find("s")
    assert isinstance(found, Package)
    assert found.status is PackageStatus.UPGRADING
    world.installer.may_finish.set()
    assert (await upgrading).is_switched
