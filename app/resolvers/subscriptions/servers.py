"""Subscriptions to servers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.types.server import ServerType
from app.resolvers.types.server_change import ServerChangeType
from app.services.server_changes import follow_servers


@strawberry.type
class ServerSubscriptions:
    """The server fields of Subscription."""

    @strawberry.subscription(
        description="Servers that are added, changed or deleted, by whichever replica. How their "
        "sessions are doing is told by `sessionChanged`."
    )
    async def server_changed(
        self,
        info: Info,
        server_name: Annotated[
            str | None, strawberry.argument(description="Only this server.")
        ] = None,
    ) -> AsyncGenerator[ServerChangeType, None]:
        """Changes of servers."""
        context = info.context
        async with aclosing(
            follow_servers(context.deps, context.principal, server_name)
        ) as changes:
            async for changed, server in changes:
                shown = None if server is None else ServerType.of(context, server)
                yield ServerChangeType(server_name=changed, server=shown)
