"""A replica that lacks a package's files fetches the very version that is recorded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.package_record import PackageStatus
from app.domain.server import ServerStatus
from app.installers.files import PackageFolder
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.services.builds_here import LocalBuilds
from app.services.calls import call_tool
from app.services.packages import view_package
from app.services.servers import get_server
from app.services.starts import start_enabled_servers
from app.services.upgrade import UpgradeWish, rollback_package, upgrade_package
from app.sessions.registry import SessionRegistry
from app.sessions.slots import SessionLimits
from tests.services.conftest import OPERATOR, World, install, stored
from tests.services.fake_installer import ADDS, FIRST
from tests.waiting import until

CALL = ToolCall(server_name="s", tool_name="pid", arguments={})


@pytest.fixture
async def other(world: World, spawner: Spawner) -> AsyncIterator[World]:
    """The same database, and a machine with nothing on its disk and no sessions."""
    packages = world.packages.parent / "elsewhere"
    registry = SessionRegistry(
        spawner=spawner,
        files=PrivateFiles(world.secret_files / "elsewhere"),
        seen=world.deps.seen,
        limits=SessionLimits(wait_seconds=60),
        on_tools=world.stores.servers.remember_tools,
    )
    deps = replace(
        world.deps,
        instance="other-folder",
        life="other",
        sessions=registry,
        files=PackageFolder(packages),
        local_builds=LocalBuilds(),
    )
    yield replace(world, deps=deps, packages=packages, registry=registry)
    await registry.close()


async def test_a_call_fetches_what_is_missing_once_for_all_who_wait(
    world: World, other: World
) -> None:
    package, _ = await install(world)
    world.installer.latest = ADDS
    await asyncio.gather(*(call_tool(other.deps, OPERATOR, CALL) for _ in range(5)))
    assert other.on_disk() == [*package.folders()]
    assert [source.version for source in world.installer.sources] == ["latest", FIRST]
    await call_tool(other.deps, OPERATOR, CALL)
    assert len(world.installer.sources) == 2


async def test_a_start_fetches_what_is_missing(world: World, other: World) -> None:
    await install(world)
    await start_enabled_servers(other.deps)
    server = await get_server(other.deps, "s")
    await until(lambda: other.registry.status("s", server.revision) is ServerStatus.CONNECTED)
    other.serves(*await stored(other))


async def test_something_else_under_the_same_version_is_not_run(world: World, other: World) -> None:
    package, _ = await install(world)
    world.installer.integrity = "sha512-other-"
    with pytest.raises(AppError) as caught:
        await call_tool(other.deps, OPERATOR, CALL)
    assert caught.value.code is ErrorCode.INSTALL_FAILED
    assert "integrity" in caught.value.message
    assert other.on_disk() == []
    view = view_package(other.deps, package)
    assert view.status is PackageStatus.ERROR
    assert view.error is not None
    assert view_package(world.deps, package).status is PackageStatus.INSTALLED


async def test_a_failed_fetch_is_tried_again_by_the_next_call(world: World, other: World) -> None:
    package, _ = await install(world)
    world.installer.failure = AppError(ErrorCode.REGISTRY_UNAVAILABLE, "There is no network.")
    with pytest.raises(AppError) as caught:
        await call_tool(other.deps, OPERATOR, CALL)
    assert caught.value.code is ErrorCode.REGISTRY_UNAVAILABLE
    world.installer.failure = None
    await call_tool(other.deps, OPERATOR, CALL)
    assert view_package(other.deps, package).status is PackageStatus.INSTALLED


async def test_a_rollback_on_another_replica_fetches_the_version_before(
    world: World, other: World
) -> None:
    await install(world)
    await upgrade_package(world.deps, OPERATOR, UpgradeWish(server_name="s", version=ADDS))
    done = await rollback_package(other.deps, OPERATOR, "s")
    assert (done.version, len(other.on_disk())) == (FIRST, 1)
    await call_tool(other.deps, OPERATOR, CALL)


async def test_files_that_were_deleted_come_back_at_the_next_start(
    world: World, other: World
) -> None:
    package, _ = await install(world)
    assert package.install_dir is not None
    await world.deps.files.remove(package.install_dir)
    here = replace(other, packages=world.packages)
    here = replace(here, deps=replace(other.deps, files=world.deps.files))
    await call_tool(here.deps, OPERATOR, CALL)
    here.serves(*await stored(here))


async def test_two_workers_on_one_folder_fetch_once(world: World, other: World) -> None:
    await install(world)
    world.installer.may_finish.clear()
    worker = replace(other.deps, life="second", local_builds=LocalBuilds())
    calls = [asyncio.ensure_future(call_tool(d, OPERATOR, CALL)) for d in (other.deps, worker)]
    await until(lambda: len(world.installer.sources) == 2)
    world.installer.may_finish.set()
    await asyncio.gather(*calls)
    assert [source.version for source in world.installer.sources] == ["latest", FIRST]
    assert [*(other.packages / ".locks").iterdir()] == []
