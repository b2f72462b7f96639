"""What a deployment begins with is installed once, and people's decisions count more."""

from app.domain.errors import AppError, ErrorCode
from app.services.install_on_start import install_on_start
from app.services.uninstall import uninstall_package
from tests.services.conftest import OPERATOR, World, install, request, stored
from tests.services.fake_installer import SAME


async def test_it_is_installed_once_and_not_again_after_an_uninstall(world: World) -> None:
    wanted = (request("a"), request("b"))
    await install_on_start(world.deps, wanted)
    await install_on_start(world.deps, wanted)
    assert len(world.installer.folders) == 2
    await uninstall_package(world.deps, OPERATOR, "a", keep_secrets=False)
    await install_on_start(world.deps, wanted)
    assert len(world.installer.folders) == 2
    await install(world, "a", version=SAME)
    await uninstall_package(world.deps, OPERATOR, "b", keep_secrets=False)
    await install_on_start(world.deps, wanted)
    assert (await stored(world, "a"))[0].version == SAME
    assert await world.stores.packages.find("b") is None


async def test_one_that_fails_stops_no_other_and_is_tried_again(world: World) -> None:
    wanted = (request("a", version="9.9.9"), request("b"))
    await install_on_start(world.deps, wanted)
    assert await world.stores.packages.find("a") is None
    assert (await stored(world, "b"))[0].version == "1.2.3"
    world.installer.failure = AppError(ErrorCode.REGISTRY_UNAVAILABLE, "There is no network.")
    await install_on_start(world.deps, (request("c"),))
    world.installer.failure = None
    await install_on_start(world.deps, (request("c"),))
    assert (await stored(world, "c"))[0].version == "1.2.3"
