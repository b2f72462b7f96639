"""Queries for servers."""

from typing import Annotated

import strawberry

from app.domain.errors import AppError, ErrorCode
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.queries.filters import OrderBy, ServerFilterInput, order_of
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.server import ServerType
from app.services.server_list import ServerFilter, find_server_page, server_key
from app.services.servers import show_server


@strawberry.type
class ServerQueries:
    """The server fields of Query."""

    @strawberry.field(description="Every server, enabled or not; by name, unless asked otherwise.")
    async def servers(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[
            ServerFilterInput | None, strawberry.argument(description="Which are meant.")
        ] = None,
        order_by: OrderBy = None,
    ) -> Connection[ServerType]:
        """A page of servers."""
        context, order = info.context, order_of(order_by)
        listing = f"servers {order.field} {order.direction}"
        only = ServerFilter() if filter is None else filter.filter()
        page = await find_server_page(
            context.deps, context.principal, only, order, page_request(listing, first, after)
        )
        return Connection[ServerType].of(
            listing, page, lambda s: server_key(s, order), lambda s: ServerType.of(context, s)
        )

    @strawberry.field(description="One server; null if there is none of that name.")
    async def server(
        self,
        info: Info,
        server_name: Annotated[str, strawberry.argument(description="The server's exact name.")],
    ) -> ServerType | None:
        """One server."""
        context = info.context
        try:
            server = await show_server(context.deps, context.principal, server_name)
            return ServerType.of(context, server)
        except AppError as error:
            if error.code is ErrorCode.SERVER_NOT_FOUND:
                return None
            raise
