"""Whatever write a process dies at, the next start finds the old state or the new one."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from app.domain.errors import AppError
from app.domain.package import UpgradePolicy
from app.domain.package_record import Package, PackageStatus
from app.services.deps import Deps
from app.services.install import install_package
from app.services.recovery import recover
from app.services.uninstall import uninstall_package
from app.services.upgrade import UpgradeWish, rollback_package, upgrade_package
from tests.services.conftest import OPERATOR, World, install, keep, request
from tests.services.fake_installer import ADDS, BREAKS, FIRST, SAME
from tests.services.mortal import Killed, Life, mortal

Work = Callable[[Deps, str], Awaitable[object]]
MOST_WRITES = 40
Found = tuple[str | None, ...]
NOTHING: Found = (None, None, None)


async def _install(deps: Deps, name: str) -> object:
    return await install_package(deps, OPERATOR, request(name))


async def _upgrade(deps: Deps, name: str) -> object:
    return await upgrade_package(deps, OPERATOR, UpgradeWish(server_name=name, version=ADDS))


async def _hold(deps: Deps, name: str) -> object:
    with pytest.raises(AppError):
        await upgrade_package(deps, OPERATOR, UpgradeWish(server_name=name, version=BREAKS))
    return None


async def _look(deps: Deps, name: str) -> object:
    wish = UpgradeWish(server_name=name, version=BREAKS, is_dry_run=True)
    return await upgrade_package(deps, OPERATOR, wish)


async def _roll_back(deps: Deps, name: str) -> object:
    return await rollback_package(deps, OPERATOR, name)


async def _uninstall(deps: Deps, name: str) -> object:
    await uninstall_package(deps, OPERATOR, name, keep_secrets=False)
    return None


async def _fresh(world: World, name: str) -> None:
    """Nothing is there yet."""


async def _installed(world: World, name: str) -> None:
    await install(world, name, version=FIRST, policy=UpgradePolicy.HOLD_BREAKING)
    await keep(world, "ada", "key", "value", name)


async def _upgraded(world: World, name: str) -> None:
    """Two versions on disk, and the second one serves."""
    await _installed(world, name)
    await upgrade_package(world.deps, OPERATOR, UpgradeWish(server_name=name, version=SAME))


async def state(world: World, name: str) -> Found:
    """The version that serves, the one before, the one that is held; and all must agree."""
    package = await world.stores.packages.find(name)
    server = await world.stores.servers.find(name)
    on_disk = {f"{name}/{path.name}" for path in Path(world.packages, name).glob("*")}
    secrets = await world.stores.secrets.users_of_server(name)
    if package is None:
        assert (server, on_disk, secrets) == (None, set(), {})
        return NOTHING
    assert package.build is not None
    assert server is not None
    assert (server.package_dir, server.install_id) == (
        package.build.install_dir,
        package.install_id,
    )
    assert package == idle(package)
    assert on_disk == package.folders()
    assert all(world.deps.files.is_whole(folder) for folder in on_disk)
    held = None if package.held is None else package.held.build
    builds = (package.build, package.previous, held)
    return tuple(None if build is None else build.version for build in builds)


def idle(package: Package) -> Package:
    return replace(package.idle(), status=PackageStatus.INSTALLED)


ROWS = {
    "install": (_fresh, _install, NOTHING, (FIRST, None, None)),
    "upgrade": (_installed, _upgrade, (FIRST, None, None), (ADDS, FIRST, None)),
    "upgrade again": (_upgraded, _upgrade, (SAME, FIRST, None), (ADDS, SAME, None)),
    "upgrade that is held": (_installed, _hold, (FIRST, None, None), (FIRST, None, BREAKS)),
    "dry run": (_installed, _look, (FIRST, None, None), (FIRST, None, None)),
    "rollback": (_upgraded, _roll_back, (SAME, FIRST, None), (FIRST, SAME, None)),
    "uninstall": (_upgraded, _uninstall, (SAME, FIRST, None), NOTHING),
}


async def die_at_every_write(world: World, row: str, *, is_after: bool) -> list[tuple[str, Found]]:
    """For each write of an operation: what it was, and what the next start makes of it."""
    prepare, work, old, new = ROWS[row]
    table: list[tuple[str, Found]] = []
    for writes in range(MOST_WRITES):
        name = f"s{writes}"
        await prepare(world, name)
        life = Life(writes, is_after)
        with contextlib.suppress(Killed):
            await work(mortal(world.deps, life), name)
            assert not life.is_over
            assert await state(world, name) == new
            return table
        await recover(world.deps)
        found = await state(world, name)
        assert found in (old, new), (row, life.last, found)
        table.append((life.last, found))
        world.registry.forget(name)
    pytest.fail("the operation does not end")


def is_one_step(table: list[tuple[str, Found]]) -> bool:
    """Whether all that is found up to some write is the old state, and from there on the new."""
    states = [found for _, found in table]
    return sum(one != other for one, other in pairwise(states)) <= 1


@pytest.mark.parametrize("row", ["install", "upgrade", "uninstall"])
async def test_a_process_that_dies_at_any_write_leaves_the_old_state_or_the_new(
    world: World, row: str
) -> None:
    table = await die_at_every_write(world, row, is_after=True)
    assert len(table) >= 5
    assert is_one_step(table), table


@pytest.mark.soak
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("row", [*ROWS])
async def test_so_does_one_that_dies_before_or_after_any_write_of_any_operation(
    world: World,
    row: str,
    is_after: bool,  # noqa: FBT001 - both are tried
) -> None:
    table = await die_at_every_write(world, row, is_after=is_after)
    for write, found in table:
        print(f"{row:22} {'after' if is_after else 'at':6} {write:18} {found}")
    assert is_one_step(table), table
