"""Queries for packages."""

from typing import Annotated

import strawberry

from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.package_record import Package
from app.domain.page import Page
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.queries.filters import OrderBy, PackageFilterInput, order_of
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.package import PackageType
from app.resolvers.types.uninstall import UninstallPreviewType
from app.resolvers.types.upgrade import PackageUpdateType
from app.services.package_list import PackageFilter, find_package_page, package_key
from app.services.package_reads import get_package_by_name, show_package
from app.services.uninstall import preview_uninstall
from app.services.updates import check_packages, check_updates

CheckUpdates = Annotated[
    bool,
    strawberry.argument(description="Whether to ask the registries for the newest versions now."),
]


@strawberry.type
class PackageQueries:
    """The package fields of Query."""

    @strawberry.field(
        description="Installed packages, and those being installed; by server name, unless asked "
        "otherwise."
    )
    async def packages(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[
            PackageFilterInput | None, strawberry.argument(description="Which are meant.")
        ] = None,
        order_by: OrderBy = None,
        *,
        check_updates: CheckUpdates = False,
    ) -> Connection[PackageType]:
        """A page of packages."""
        deps, caller, order = info.context.deps, info.context.principal, order_of(order_by)
        listing = f"packages {order.field} {order.direction}"
        only = PackageFilter() if filter is None else filter.filter()
        page = await find_package_page(
            deps, caller, only, order, page_request(listing, first, after)
        )
        if check_updates:
            updates = await check_packages(deps, caller, page.items)
            page = Page(tuple(update.package for update in updates), page.has_next)
        return Connection[PackageType].of(
            listing, page, lambda p: package_key(p, order), lambda p: PackageType.of(deps, p)
        )

    @strawberry.field(description="One package, by its server's name or by its own; null if none.")
    async def package(
        self,
        info: Info,
        server_name: Annotated[
            str | None, strawberry.argument(description="The server made from it.")
        ] = None,
        package_name: Annotated[
            str | None, strawberry.argument(description="Its name in the registry.")
        ] = None,
        *,
        check_updates: CheckUpdates = False,
    ) -> PackageType | None:
        """One package."""
        deps, caller = info.context.deps, info.context.principal
        try:
            package = await _one(info, server_name, package_name)
        except AppError as error:
            if error.code is ErrorCode.PACKAGE_NOT_FOUND:
                return None
            raise
        if check_updates:
            (update,) = await check_packages(deps, caller, [package])
            package = update.package
        return PackageType.of(deps, package)

    @strawberry.field(
        description="The newest version of each package, or of one, asked of the registries now; "
        "an answer is used for a minute."
    )
    async def package_updates(
        self,
        info: Info,
        server_name: Annotated[
            str | None, strawberry.argument(description="Only the package of this server.")
        ] = None,
    ) -> list[PackageUpdateType]:
        """Updates."""
        deps, caller = info.context.deps, info.context.principal
        updates = await check_updates(deps, caller, server_name)
        return [PackageUpdateType.of(update) for update in updates]

    @strawberry.field(description="What uninstallPackage would take away; null if there is none.")
    async def uninstall_preview(
        self,
        info: Info,
        server_name: Annotated[
            str, strawberry.argument(description="The server made from the package.")
        ],
    ) -> UninstallPreviewType | None:
        """A preview."""
        deps, caller = info.context.deps, info.context.principal
        try:
            preview = await preview_uninstall(deps, caller, server_name)
        except AppError as error:
            if error.code is ErrorCode.PACKAGE_NOT_FOUND:
                return None
            raise
        return UninstallPreviewType.of(info.context, preview)


async def _one(info: Info, server_name: str | None, package_name: str | None) -> Package:
    deps, caller = info.context.deps, info.context.principal
    if server_name is not None and package_name is None:
        return await show_package(deps, caller, server_name)
    if package_name is not None and server_name is None:
        return await get_package_by_name(deps, caller, package_name)
    raise invalid("Give exactly one of serverName and packageName.", "serverName")
