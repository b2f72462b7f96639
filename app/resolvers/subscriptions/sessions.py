"""Subscriptions to sessions and to what servers list."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import strawberry

from app.domain.session import ListingKind
from app.resolvers.context import Info
from app.resolvers.types.listing_change import ListingChangeType
from app.resolvers.types.server import ServerType
from app.resolvers.types.session import SessionType
from app.services.patience import patiently
from app.services.sessions import follow_listings, follow_sessions

OnlyServer = Annotated[str | None, strawberry.argument(description="Only this server's.")]


@strawberry.type
class SessionSubscriptions:
    """The fields of Subscription about sessions and listings."""

    @strawberry.subscription(
        description="Sessions whenever their state changes, beginning with every one as it is "
        "now. A session that is over is told as ENDED."
    )
    async def session_changed(
        self, info: Info, server_name: OnlyServer = None
    ) -> AsyncGenerator[SessionType, None]:
        """Changes of sessions."""
        context = info.context
        async with aclosing(follow_sessions(context.deps, context.principal, server_name)) as views:
            async for view in views:
                yield SessionType.of(view)

    @strawberry.subscription(
        description="A server whenever it says that its tools have changed, with the new ones."
    )
    async def tools_changed(
        self, info: Info, server_name: OnlyServer = None
    ) -> AsyncGenerator[ServerType, None]:
        """Changes of tools."""
        async with aclosing(_changes(info, server_name, frozenset({ListingKind.TOOLS}))) as changes:
            async for change in changes:
                yield change.server

    @strawberry.subscription(
        description="Every listing of which its server says that it has changed."
    )
    async def listing_changed(
        self, info: Info, server_name: OnlyServer = None
    ) -> AsyncGenerator[ListingChangeType, None]:
        """Changes of listings."""
        async with aclosing(_changes(info, server_name, frozenset(ListingKind))) as changes:
            async for change in changes:
                yield change


async def _changes(
    info: Info, server_name: str | None, kinds: frozenset[ListingKind]
) -> AsyncGenerator[ListingChangeType, None]:
    """The changes of servers that are still there."""
    context = info.context
    async with aclosing(
        follow_listings(context.deps, context.principal, server_name, kinds)
    ) as changes:
        async for change in changes:
            name = change.key.server_name
            server = await patiently(partial(context.loaders.servers.load, name))
            if server is not None:
                yield ListingChangeType(kind=change.kind, server=ServerType.of(context, server))
