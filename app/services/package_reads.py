"""Packages: found and listed."""

from collections.abc import Sequence

from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_server_name
from app.domain.package_record import Package
from app.domain.package_rules import check_package_name
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action, is_granted
from app.domain.principal import Principal
from app.services.access import operation
from app.services.deps import Deps
from app.services.paging import every


async def get_package(deps: Deps, server_name: str) -> Package:
    """The package behind a server.

    Raises:
        AppError: INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    check_server_name(server_name, "serverName")
    package = await deps.packages.find(server_name)
    if package is None:
        message = f"There is no installed package behind a server named {server_name!r}."
        raise _unknown(message, "serverName")
    return package


async def show_package(deps: Deps, caller: Principal, server_name: str) -> Package:
    """The package behind a server.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    async with operation(deps, caller, Action.READ_PACKAGES, server_name=server_name):
        return await get_package(deps, server_name)


async def get_package_by_name(deps: Deps, caller: Principal, name: str) -> Package:
    """The package of that registry name; of several, the first by server name.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or PACKAGE_NOT_FOUND.
    """
    async with operation(deps, caller, Action.READ_PACKAGES):
        check_package_name(name)
        package = await deps.packages.find_by_name(name)
        if package is None:
            raise _unknown(f"The package {name!r} is not installed.", "packageName")
        return package


async def list_packages(deps: Deps, caller: Principal, page: PageRequest) -> Page[Package]:
    """Packages by server name.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    async with operation(deps, caller, Action.READ_PACKAGES):
        check_page(page)
        return cut_page(await deps.packages.list_page(page), page.first)


async def list_all_packages(deps: Deps, caller: Principal) -> list[Package]:
    """Every package, by server name.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_PACKAGES):
        return await every_package(deps)


async def every_package(deps: Deps) -> list[Package]:
    """Every package, by server name, for an operation that has been allowed."""
    return [package async for package in every(deps.packages.list_page, lambda p: p.server_name)]


async def find_packages(deps: Deps, caller: Principal, names: Sequence[str]) -> dict[str, Package]:
    """Those of the packages that exist, by server name; none for who may not read packages."""
    if not is_granted(caller, Action.READ_PACKAGES):
        return {}
    return await deps.packages.find_many(names)


def _unknown(message: str, argument: str) -> AppError:
    return AppError(
        ErrorCode.PACKAGE_NOT_FOUND,
        message,
        path=(argument,),
        hint="List the packages to see which there are.",
    )
