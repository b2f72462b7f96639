"""Updates are found and done for all, a few at once; one failure stops nothing else."""

from dataclasses import replace

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import UpgradePolicy
from app.services.updates import (
    CHECKS_AT_ONCE,
    check_updates,
    known_update,
    upgrade_all_packages,
)
from tests.services.conftest import OPERATOR, World, install, stored
from tests.services.fake_installer import ADDS, BREAKS, BROKEN, FIRST, SAME

NO_NETWORK = AppError(ErrorCode.REGISTRY_UNAVAILABLE, "There is no network.")


async def test_a_newer_version_is_found_and_remembered(world: World) -> None:
    await install(world, "a")
    await install(world, "b", version=SAME)
    world.installer.latest = SAME
    found = await check_updates(world.deps, OPERATOR)
    told = [(u.package.server_name, u.package.version, u.latest, u.is_available) for u in found]
    assert told == [("a", FIRST, SAME, True), ("b", SAME, SAME, False)]
    package, _ = await stored(world, "a")
    assert known_update(package).latest == SAME
    (one,) = await check_updates(world.deps, OPERATOR, "b")
    assert one.package.server_name == "b"


async def test_a_registry_that_is_away_stops_nothing_and_what_was_known_is_told(
    world: World,
) -> None:
    await install(world, "a")
    world.installer.latest = SAME
    await check_updates(world.deps, OPERATOR)
    world.installer.failure = NO_NETWORK
    (update,) = await check_updates(world.deps, OPERATOR)
    assert (update.latest, update.is_available, update.error) == (SAME, True, NO_NETWORK)


async def test_an_unknown_package_has_no_updates(world: World) -> None:
    with pytest.raises(AppError) as caught:
        await check_updates(world.deps, OPERATOR, "z")
    assert caught.value.code is ErrorCode.PACKAGE_NOT_FOUND


async def test_the_registries_are_asked_a_few_at_once(world: World) -> None:
    (package, _) = await install(world, "s00")
    for number in range(1, 30):
        name = f"s{number:02}"
        copy = replace(package, server_name=name, install_id=name)
        await world.stores.packages.claim(copy)
    assert len(await check_updates(world.deps, OPERATOR)) == 30
    assert 1 < world.installer.most_asking <= CHECKS_AT_ONCE


async def test_all_are_upgraded_and_one_failure_stops_no_other(world: World) -> None:
    await install(world, "a")
    await install(world, "b", policy=UpgradePolicy.HOLD_BREAKING)
    await install(world, "c", version=BREAKS)
    await install(world, "d", name="broken")
    world.installer.latest = BREAKS
    world.installer.versions = {"broken": BROKEN}
    results = await upgrade_all_packages(world.deps, OPERATOR)
    codes = [result.error.code if result.error else None for result in results]
    assert [result.server_name for result in results] == ["a", "b", "c", "d"]
    assert codes == [None, ErrorCode.HELD_FOR_APPROVAL, None, ErrorCode.SERVER_DID_NOT_START]
    switched = [result.upgrade.is_switched if result.upgrade else None for result in results]
    assert switched == [True, None, False, None]
    versions = [(await stored(world, name))[0].version for name in "abcd"]
    assert versions == [BREAKS, FIRST, BREAKS, FIRST]


async def test_what_was_asked_for_is_followed(world: World) -> None:
    """One that was installed at an exact version goes to the newest, another to what it asks for."""
    await install(world, "exact", version=FIRST)
    await install(world, "tag")
    world.installer.latest = ADDS
    await upgrade_all_packages(world.deps, OPERATOR)
    for name in ("exact", "tag"):
        package, _ = await stored(world, name)
        assert (package.version, package.source.version) == (ADDS, "latest")
