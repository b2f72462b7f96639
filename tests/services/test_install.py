"""An install succeeds whole or leaves nothing, whoever interrupts it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallPhase
from app.domain.package_record import PackageStatus
from app.domain.server import ServerStatus
from app.services.install import install_package
from app.services.limits import Limits, LimitSettings
from tests.models.factories import server
from tests.services.conftest import OPERATOR, World, assert_nothing_is_left, request
from tests.services.conftest import stored as stored_of
from tests.subjects import SUBJECT
from tests.waiting import until

FAILURE = AppError(ErrorCode.INSTALL_FAILED, "It does not install.")


async def failure(world: World, **changes: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        await install_package(world.deps, OPERATOR, request(**changes))
    return caught.value


async def test_an_install_ends_with_package_server_tools_and_a_live_session(world: World) -> None:
    done, made = await install_package(world.deps, OPERATOR, request(args=("--more",)))
    assert done.build is not None
    assert (done.status, done.version, done.build.integrity) == (
        PackageStatus.INSTALLED, "1.2.3", "sha512-1.2.3",
    )  # fmt: skip
    assert (done.source.version, done.build.source.version) == ("latest", "latest")
    found, stored = await stored_of(world)
    assert replace(found, installed_at=done.installed_at) == done
    world.serves(found, stored)
    assert [tool.name for tool in stored.tools] == [
        "fingerprint", "pid", "environment", "leak", "slow", "crash",
    ]  # fmt: skip
    assert stored.settings.args == ("-S", "{packageDir}/server.py", "--more")
    assert world.registry.status("s", made.revision) is ServerStatus.CONNECTED


async def test_a_disabled_install_is_proved_and_then_stopped(world: World) -> None:
    _, made = await install_package(world.deps, OPERATOR, request(is_enabled=False))
    assert len(made.tools) == 6
    await until(lambda: world.registry.views() == [])
    assert world.registry.status("s", made.revision) is ServerStatus.DISCONNECTED


async def test_a_failed_install_leaves_nothing(world: World) -> None:
    world.installer.failure = FAILURE
    assert await failure(world) is FAILURE
    assert len(world.installer.folders) == 1
    await assert_nothing_is_left(world)


async def test_a_request_that_makes_no_sense_is_not_counted_as_an_install(world: World) -> None:
    limits = Limits(LimitSettings(installs_per_hour=1))
    world = replace(world, deps=replace(world.deps, limits=limits))
    for _ in range(2):
        assert (await failure(world, server_name="../x")).code is ErrorCode.INVALID_INPUT
    await assert_nothing_is_left(world)
    await install_package(world.deps, OPERATOR, request())
    assert (await failure(world)).code is ErrorCode.RATE_LIMITED


@pytest.mark.parametrize("mode", ["exits", "hangs", "ancient"])
async def test_a_package_whose_server_does_not_start_leaves_nothing(
    world: World, mode: str
) -> None:
    world.installer.script = SUBJECT
    world.installer.args = (mode,)
    error = await failure(world, startup_timeout_seconds=0.5)
    assert error.code is ErrorCode.SERVER_DID_NOT_START
    await until(lambda: world.registry.views() == [])
    await assert_nothing_is_left(world)


async def test_a_name_is_free_again_after_a_failure(world: World) -> None:
    world.installer.failure = FAILURE
    await failure(world)
    world.installer.failure = None
    done, _ = await install_package(world.deps, OPERATOR, request())
    assert done.status is PackageStatus.INSTALLED


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "../x"}, "packageName"),
        ({"version": "a/b"}, "version"),
        ({"server_name": "a/b"}, "serverName"),
        ({"command": " "}, "command"),
        ({"env": {"LD_PRELOAD": "x"}}, "env"),
        ({"startup_timeout_seconds": 0.0}, "startupTimeoutSeconds"),
    ],
)
async def test_a_malformed_request_changes_nothing(
    world: World, changes: dict[str, object], path: str
) -> None:
    error = await failure(world, **changes)
    assert (error.code, error.path[0]) == (ErrorCode.INVALID_INPUT, path)
    assert world.installer.folders == []
    await assert_nothing_is_left(world)


async def test_of_twenty_installs_of_one_name_exactly_one_wins(world: World) -> None:
    results = await asyncio.gather(
        *(install_package(world.deps, OPERATOR, request()) for _ in range(20)),
        return_exceptions=True,
    )
    done = [result for result in results if isinstance(result, tuple)]
    codes = [result.code for result in results if isinstance(result, AppError)]
    assert (len(done), codes) == (1, [ErrorCode.CONFLICT] * 19)
    assert world.on_disk() == [done[0][0].install_dir]
    stored = await world.stores.servers.find("s")
    assert stored is not None
    assert stored.install_id == done[0][0].install_id


async def test_a_name_that_a_server_has_is_a_conflict_and_the_server_stays(world: World) -> None:
    mine = server("s")
    await world.stores.servers.insert(mine)
    error = await failure(world)
    assert error.code is ErrorCode.CONFLICT
    assert await world.stores.servers.find("s") == mine
    assert await world.stores.packages.find("s") is None
    assert world.on_disk() == []


async def test_a_server_added_in_mid_install_wins_and_the_install_leaves_nothing(
    world: World,
) -> None:
    world.installer.may_finish.clear()
    installing = asyncio.create_task(install_package(world.deps, OPERATOR, request()))
    await until(lambda: world.installer.folders)
    mine = server("s")
    await world.stores.servers.insert(mine)
    world.installer.may_finish.set()
    with pytest.raises(AppError) as caught:
        await installing
    assert caught.value.code is ErrorCode.CONFLICT
    assert await world.stores.servers.find("s") == mine
    assert await world.stores.packages.find("s") is None
    assert world.on_disk() == []


async def test_a_shutdown_in_mid_install_leaves_nothing(world: World) -> None:
    world.installer.may_finish.clear()
    installing = asyncio.create_task(install_package(world.deps, OPERATOR, request()))
    await until(lambda: world.installer.folders)
    await world.deps.operations.close()
    with pytest.raises(asyncio.CancelledError):
        await installing
    await assert_nothing_is_left(world)


async def test_a_caller_that_goes_away_does_not_stop_an_install(world: World) -> None:
    world.installer.may_finish.clear()
    installing = asyncio.create_task(install_package(world.deps, OPERATOR, request()))
    await until(lambda: world.installer.folders)
    installing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await installing
    world.installer.may_finish.set()
    await until(lambda: world.deps.operations._tasks == set())
    done = await world.stores.packages.find("s")
    assert done is not None
    assert done.status is PackageStatus.INSTALLED


async def test_progress_is_told_in_order_and_replayed_to_those_who_come_late(
    world: World,
) -> None:
    world.installer.may_finish.clear()
    installing = asyncio.create_task(install_package(world.deps, OPERATOR, request()))
    await until(lambda: world.installer.folders)
    phases = []
    async for event in world.deps.progress.follow("s"):
        phases.append(event.phase)
        world.installer.may_finish.set()
        if event.phase is InstallPhase.DONE:
            break
    await installing
    assert phases == [
        InstallPhase.RESOLVING, InstallPhase.INSTALLING, InstallPhase.VERIFYING,
        InstallPhase.SWITCHING, InstallPhase.DONE,
    ]  # fmt: skip
