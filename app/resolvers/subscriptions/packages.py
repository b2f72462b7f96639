"""Subscriptions to packages."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.types.package import PackageProgressType
from app.services.packages import follow_progress


@strawberry.type
class PackageSubscriptions:
    """The package fields of Subscription."""

    @strawberry.subscription(
        description="The progress of installs and upgrades, whichever process does them: phases, "
        "and the lines the installer writes. Begins with what has happened so far."
    )
    async def package_progress(
        self,
        info: Info,
        server_name: Annotated[
            str | None, strawberry.argument(description="Only that of this server.")
        ] = None,
    ) -> AsyncIterator[PackageProgressType]:
        """Install progress."""
        context = info.context
        events = follow_progress(context.deps, context.principal, server_name)
        async with aclosing(events):
            async for event in events:
                yield PackageProgressType.of(event)
