"""Queries for servers."""

from typing import Annotated

import strawberry

from app.domain.errors import AppError, ErrorCode
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.server import ServerType
from app.services.servers import list_servers, show_server


@strawberry.type
class ServerQueries:
    """The server fields of Query."""

    @strawberry.field(description="Every server, enabled or not, by name.")
    async def servers(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
    ) -> Connection[ServerType]:
        """A page of servers."""
        context = info.context
        page = await list_servers(context.deps, context.principal, page_request(first, after))
        return Connection[ServerType].of(
            page, lambda s: s.name, lambda s: ServerType.of(context, s)
        )

    @strawberry.field(description="One server; null if there is none of that name.")
    async def server(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="The server's exact name.")],
    ) -> ServerType | None:
        """One server."""
        context = info.context
        try:
            return ServerType.of(context, await show_server(context.deps, context.principal, name))
        except AppError as error:
            if error.code is ErrorCode.SERVER_NOT_FOUND:
                return None
            raise
