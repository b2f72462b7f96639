"""Queries for packages."""

from typing import Annotated

import strawberry

from app.domain.errors import AppError, ErrorCode, invalid
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.package import PackageType
from app.services.packages import get_package_by_name, list_packages, show_package


@strawberry.type
class PackageQueries:
    """The package fields of Query."""

    @strawberry.field(description="Installed packages, and those being installed, by server name.")
    async def packages(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
    ) -> Connection[PackageType]:
        """A page of packages."""
        deps, caller = info.context.deps, info.context.principal
        page = await list_packages(deps, caller, page_request(first, after))
        return Connection[PackageType].of(
            page, lambda p: p.server_name, lambda p: PackageType.of(deps, p)
        )

    @strawberry.field(description="One package, by its server's name or by its own; null if none.")
    async def package(
        self,
        info: Info,
        server_name: Annotated[
            str | None, strawberry.argument(description="The server made from it.")
        ] = None,
        name: Annotated[
            str | None, strawberry.argument(description="Its name in the registry.")
        ] = None,
    ) -> PackageType | None:
        """One package."""
        deps, caller = info.context.deps, info.context.principal
        try:
            if server_name is not None and name is None:
                return PackageType.of(deps, await show_package(deps, caller, server_name))
            if name is not None and server_name is None:
                return PackageType.of(deps, await get_package_by_name(deps, caller, name))
        except AppError as error:
            if error.code is ErrorCode.PACKAGE_NOT_FOUND:
                return None
            raise
        raise invalid("Give exactly one of serverName and name.", "serverName")
