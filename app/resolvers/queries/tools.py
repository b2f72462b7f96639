"""Queries for tools."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.tool import ToolType
from app.services.tools import list_tools


@strawberry.type
class ToolQueries:
    """The tool fields of Query."""

    @strawberry.field(description="Tools of enabled servers, by server and name.")
    async def tools(
        self,
        info: Info,
        server_name: Annotated[
            str | None, strawberry.argument(description="Only this server's, enabled or not.")
        ] = None,
        first: First = 100,
        after: After = None,
    ) -> Connection[ToolType]:
        """A page of tools."""
        context = info.context
        page = await list_tools(
            context.deps,
            context.principal,
            server_name=server_name,
            page=page_request(first, after),
        )
        return Connection[ToolType].of(
            page,
            lambda found: f"{found[0].name} {found[1].name}",
            lambda found: ToolType.of(*found),
        )
