"""An operation that is cancelled, here or from another replica, leaves what was there before."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallPhase
from app.services import leases
from app.services.package_work import cancel_package_operation
from app.services.upgrade import UpgradeWish, upgrade_package
from tests.services.conftest import (
    OPERATOR,
    World,
    assert_nothing_is_left,
    install,
    stored,
)
from tests.services.fake_installer import ADDS
from tests.waiting import until


async def half_done(world: World, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """The work, waiting for its installer."""
    installs = len(world.installer.folders)
    world.installer.may_finish.clear()
    task = asyncio.create_task(work)
    await until(lambda: len(world.installer.folders) > installs)
    return task


def an_upgrade(world: World) -> Coroutine[Any, Any, Any]:
    return upgrade_package(world.deps, OPERATOR, UpgradeWish(server_name="s", version=ADDS))


async def test_a_cancelled_install_leaves_nothing_and_its_caller_is_told(world: World) -> None:
    installing = await half_done(world, install(world))
    await cancel_package_operation(world.deps, OPERATOR, "s")
    with pytest.raises(AppError) as caught:
        await installing
    assert caught.value.code is ErrorCode.OPERATION_CANCELLED
    await assert_nothing_is_left(world)
    assert world.deps.package_work == {}


async def test_a_cancelled_upgrade_leaves_the_old_version(world: World) -> None:
    before, server = await install(world)
    upgrading = await half_done(world, an_upgrade(world))
    await cancel_package_operation(world.deps, OPERATOR, "s")
    with pytest.raises(AppError) as caught:
        await upgrading
    assert caught.value.code is ErrorCode.OPERATION_CANCELLED
    package, after = await stored(world)
    assert (package, after.revision) == (before, server.revision)
    world.serves(package, after)


async def test_another_replica_can_cancel(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    upgrading = asyncio.create_task(install(world))
    await upgrading
    upgrading = await half_done(world, an_upgrade(world))
    other = replace(world.deps, life="elsewhere", package_work={})
    await cancel_package_operation(other, OPERATOR, "s")
    with pytest.raises(AppError) as caught:
        await upgrading
    assert caught.value.code is ErrorCode.OPERATION_CANCELLED
    world.serves(*await stored(world))


async def test_an_operation_whose_lease_was_taken_stores_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(world)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    upgrading = await half_done(world, an_upgrade(world))
    package = await world.stores.packages.find("s")
    assert package is not None
    until_then = package.lease_expires_at
    assert until_then is not None
    assert await world.stores.packages.take_over(package, owner="thief/x", expires_at=until_then)
    with pytest.raises(AppError) as caught:
        await upgrading
    assert caught.value.code is ErrorCode.CONFLICT
    taken = await world.stores.packages.find("s")
    assert taken is not None
    assert taken.lease_owner == "thief/x"


async def test_nothing_to_cancel_is_a_conflict(world: World) -> None:
    await install(world)
    with pytest.raises(AppError) as caught:
        await cancel_package_operation(world.deps, OPERATOR, "s")
    assert caught.value.code is ErrorCode.CONFLICT


async def test_the_progress_of_an_upgrade_is_told_in_order(world: World) -> None:
    await install(world)
    upgrading = await half_done(world, an_upgrade(world))
    phases = []
    async for event in world.deps.progress.follow("s"):
        phases.append(event.phase)
        world.installer.may_finish.set()
        if event.phase is InstallPhase.DONE:
            break
    await upgrading
    assert phases == [
        InstallPhase.RESOLVING, InstallPhase.INSTALLING, InstallPhase.VERIFYING,
        InstallPhase.SWITCHING, InstallPhase.DONE,
    ]  # fmt: skip


async def test_a_dry_run_is_not_taken_over_by_the_removal_of_its_own_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(world)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    remove = world.deps.files.remove

    async def take_a_while(folder: str) -> None:
        await asyncio.sleep(0.3)
        await remove(folder)

    monkeypatch.setattr(world.deps.files, "remove", take_a_while)
    wish = UpgradeWish(server_name="s", version=ADDS, is_dry_run=True)
    look = await upgrade_package(world.deps, OPERATOR, wish)
    assert (look.version, look.is_switched) == (ADDS, False)
    package, _ = await stored(world)
    assert world.on_disk() == [*package.folders()]
