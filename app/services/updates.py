"""Updates: what newer versions there are, and upgrading everything to them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.package_record import Latest, Package
from app.domain.package_rules import is_newer
from app.domain.policy import Action
from app.domain.principal import Principal
from app.services.access import operation
from app.services.deps import Deps
from app.services.package_reads import every_package, get_package
from app.services.upgrade import Upgrade, UpgradeWish, upgrade_package

T = TypeVar("T")
R = TypeVar("R")

CHECKS_AT_ONCE = 8
UPGRADES_AT_ONCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageUpdate:
    """A package's version against the newest; `error` tells why the registry has not answered."""

    package: Package
    latest: str | None
    is_available: bool
    error: AppError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResult:
    """What came of one package's upgrade among all: one of the two is there."""

    server_name: str
    upgrade: Upgrade | None = None
    error: AppError | None = None


async def check_updates(
    deps: Deps, caller: Principal, server_name: str | None = None
) -> list[PackageUpdate]:
    """Ask the registries for the newest version of one package or of all, by server name.

    A few are asked at once, and an answer is used for a minute. One that does not answer stops
    nothing; the version that was known before is told then.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    async with operation(deps, caller, Action.CHECK_PACKAGE_UPDATES, server_name=server_name):
        one = None if server_name is None else await get_package(deps, server_name)
        packages = await every_package(deps) if one is None else [one]
        return await _check_all(deps, packages)


async def check_packages(
    deps: Deps, caller: Principal, packages: Sequence[Package]
) -> list[PackageUpdate]:
    """The same for packages that are known already, in their order.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.CHECK_PACKAGE_UPDATES):
        return await _check_all(deps, packages)


def known_update(package: Package) -> PackageUpdate:
    """What the last check has found; nothing is asked."""
    latest = None if package.latest is None else package.latest.version
    return PackageUpdate(package=package, latest=latest, is_available=_is_newer(package, latest))


async def upgrade_all_packages(deps: Deps, caller: Principal) -> list[UpgradeResult]:
    """Upgrade every installed package, a few at once; one result each, by server name.

    One that fails, or is held, stops no other; one that is up to date is a success.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.UPGRADE_PACKAGE):
        packages = await every_package(deps)

    async def upgrade(package: Package) -> UpgradeResult:
        name = package.server_name
        try:
            done = await upgrade_package(deps, caller, UpgradeWish(server_name=name))
        except AppError as error:
            return UpgradeResult(server_name=name, error=error)
        return UpgradeResult(server_name=name, upgrade=done)

    # It is one wish, and goes on when the caller goes away.
    work = _in_turns(packages, UPGRADES_AT_ONCE, upgrade)
    return await deps.operations.run(work, name="upgrade all packages")


async def _check_all(deps: Deps, packages: Sequence[Package]) -> list[PackageUpdate]:
    return await _in_turns(packages, CHECKS_AT_ONCE, lambda package: _check(deps, package))


async def _check(deps: Deps, package: Package) -> PackageUpdate:
    try:
        newest = await deps.installers[package.runtime].newest(package.source)
    except AppError as error:
        known = known_update(package)
        return PackageUpdate(
            package=package, latest=known.latest, is_available=known.is_available, error=error
        )
    latest = Latest(newest.version, utc_now())
    await deps.packages.note_latest(package.install_id, latest)
    return known_update(replace(package, latest=latest))


def _is_newer(package: Package, latest: str | None) -> bool:
    version = package.version
    return latest is not None and version is not None and is_newer(package.runtime, latest, version)


async def _in_turns(items: Sequence[T], at_once: int, work: Callable[[T], Awaitable[R]]) -> list[R]:
    """The work on each, so many at once, in the order of the items."""
    turns = asyncio.Semaphore(at_once)

    async def in_turn(item: T) -> R:
        async with turns:
            return await work(item)

    return await asyncio.gather(*(in_turn(item) for item in items))
