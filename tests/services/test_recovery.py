"""What a process left half-done is undone or finished; what is alive is left alone."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package_record import Package, PackageStatus
from app.domain.page import PageRequest
from app.domain.secret import SecretRef
from app.services.install import install_package
from app.services.recovery import recover
from app.services.uninstall import uninstall_package
from tests.models.factories import NOW, package, server
from tests.services.conftest import OPERATOR, World, assert_nothing_is_left, keep, request
from tests.waiting import until


async def leave_half_done(world: World, owner: str, expires_at: datetime) -> Package:
    """What a process that was killed in mid-install leaves behind."""
    left = package("s", lease_owner=owner, lease_expires_at=expires_at)
    await world.stores.packages.claim(left)
    folder = Path(await world.deps.files.create(left.install_dir or ""))
    (folder / "half").write_text("x")
    await world.stores.servers.insert(server("s", install_id=left.install_id))
    return left


SOON = timedelta(seconds=60)


@pytest.mark.parametrize(
    ("owner", "after"), [("this-folder/earlier-life", SOON), ("other-folder/x", -SOON)]
)
async def test_what_a_dead_process_left_half_done_is_undone_at_start(
    world: World, owner: str, after: timedelta
) -> None:
    await leave_half_done(world, owner, datetime.now(UTC) + after)
    await recover(world.deps)
    await assert_nothing_is_left(world)


@pytest.mark.parametrize("owner", ["other-folder/x", "this-folder/this-life"])
async def test_what_a_live_process_is_doing_is_left_alone(world: World, owner: str) -> None:
    left = await leave_half_done(world, owner, datetime.now(UTC).replace(microsecond=0) + SOON)
    await recover(world.deps)
    assert await world.stores.packages.find("s") == left
    assert world.on_disk() == [left.install_dir]
    assert await world.stores.servers.find("s") is not None
    with pytest.raises(AppError) as caught:
        await install_package(world.deps, OPERATOR, request())
    assert caught.value.code is ErrorCode.CONFLICT
    assert await world.stores.packages.find("s") == left


async def test_a_name_a_dead_process_reserved_can_be_installed_at_once(world: World) -> None:
    left = package("s", lease_owner="other-folder/x", lease_expires_at=NOW)
    await world.stores.packages.claim(left)
    done, _ = await install_package(world.deps, OPERATOR, request())
    assert done.install_id != left.install_id


async def test_folders_that_no_record_names_are_removed_at_start(world: World) -> None:
    done, _ = await install_package(world.deps, OPERATOR, request())
    await world.deps.files.create("s/stray")
    await world.deps.files.create("gone/stray")
    await recover(world.deps)
    assert world.on_disk() == [done.install_dir]


@pytest.mark.parametrize("keep_secrets", [False, True])
async def test_an_uninstall_removes_everything_but_secrets_that_are_to_be_kept(
    world: World,
    keep_secrets: bool,  # noqa: FBT001 - both are tried
) -> None:
    await install_package(world.deps, OPERATOR, request("s"))
    other, _ = await install_package(world.deps, OPERATOR, request("other"))
    for name in ("s", "other"):
        await keep(world, "ada", "key", "value", name)
    await uninstall_package(world.deps, OPERATOR, "s", keep_secrets=keep_secrets)
    assert await world.stores.packages.find("s") is None
    assert await world.stores.servers.find("s") is None
    assert world.on_disk() == [other.install_dir]
    kept = await world.stores.secrets.list_page("ada", None, PageRequest(10))
    places = [SecretRef("ada", "other", "key"), SecretRef("ada", "s", "key")]
    assert [secret.ref for secret in kept] == (places if keep_secrets else places[:1])
    await until(lambda: len(world.registry.views()) == 1)


async def test_an_unknown_package_cannot_be_uninstalled(world: World) -> None:
    with pytest.raises(AppError) as caught:
        await uninstall_package(world.deps, OPERATOR, "s", keep_secrets=False)
    assert caught.value.code is ErrorCode.PACKAGE_NOT_FOUND


async def test_an_uninstall_in_mid_install_is_a_conflict_and_stops_nothing(world: World) -> None:
    world.installer.may_finish.clear()
    installing = asyncio.create_task(install_package(world.deps, OPERATOR, request()))
    await until(lambda: world.installer.folders)
    with pytest.raises(AppError) as caught:
        await uninstall_package(world.deps, OPERATOR, "s", keep_secrets=False)
    assert caught.value.code is ErrorCode.CONFLICT
    world.installer.may_finish.set()
    done, _ = await installing
    assert done.status is PackageStatus.INSTALLED


async def test_an_uninstall_that_was_cut_off_is_finished_at_the_next_start(world: World) -> None:
    done, _ = await install_package(world.deps, OPERATOR, request())
    going = replace(
        done,
        status=PackageStatus.UNINSTALLING,
        lease_owner="this-folder/this-life",
        lease_expires_at=datetime.now(UTC) + SOON,
    )
    assert await world.stores.packages.begin(going)
    await recover(world.another_life().deps)
    await until(lambda: world.registry.views() == [])
    await assert_nothing_is_left(world)
