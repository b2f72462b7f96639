"""Packages, filtered and in order."""

from dataclasses import dataclass

from app.domain.order import Order, OrderField, contains, page_in_order, time_key
from app.domain.package import Runtime
from app.domain.package_record import Package, PackageStatus
from app.domain.page import Page, PageRequest, check_page
from app.domain.principal import Principal
from app.services.deps import Deps
from app.services.package_reads import list_all_packages, list_packages


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFilter:
    """Which packages are meant; None means any. The text is looked for in both names."""

    name_contains: str | None = None
    runtime: Runtime | None = None
    status: PackageStatus | None = None


async def find_package_page(
    deps: Deps, caller: Principal, only: PackageFilter, order: Order, page: PageRequest
) -> Page[Package]:
    """Packages, filtered, in order.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    if only == PackageFilter() and order == Order():
        return await list_packages(deps, caller, page)  # read no further than the page goes
    check_page(page)
    found = [p for p in await list_all_packages(deps, caller) if _is_meant(p, only)]
    return page_in_order(found, page, lambda p: package_key(p, order), order.direction)


def package_key(package: Package, order: Order) -> str:
    """Where a package stands in that order."""
    match order.field:
        case OrderField.NAME:
            return package.server_name
        case OrderField.CREATED_AT:
            return time_key(package.installed_at, package.server_name)
        case OrderField.UPDATED_AT:
            return time_key(package.upgraded_at or package.installed_at, package.server_name)


def _is_meant(package: Package, only: PackageFilter) -> bool:
    return (
        contains(only.name_contains, package.name, package.server_name)
        and only.runtime in (None, package.runtime)
        and only.status in (None, package.status)
    )
