"""Subscriptions to packages."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.types.package import PackageProgressType
from app.services.packages import follow_progress


@strawberry.type
class PackageSubscriptions:
    """The package fields of Subscription."""

    @strawberry.subscription(
        description="The progress of installs: phases, and the lines the installer writes. "
        "Begins with what has happened so far in installs under way."
    )
    async def package_progress(
        self,
        info: Info,
        server_name: Annotated[
            str | None, strawberry.argument(description="Only the install of this server.")
        ] = None,
    ) -> AsyncIterator[PackageProgressType]:
        """Install progress."""
        async for event in follow_progress(info.context.deps, server_name):
            yield PackageProgressType.of(event)
