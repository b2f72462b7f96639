"""Queries for tools."""

from dataclasses import replace
from typing import Annotated

import strawberry

from app.domain.errors import invalid
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.queries.filters import ToolFilterInput
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.tool import ToolType
from app.services.server_list import find_tool_page
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
        filter: Annotated[
            ToolFilterInput | None, strawberry.argument(description="Which are meant.")
        ] = None,
    ) -> Connection[ToolType]:
        """A page of tools."""
        context, page_asked = info.context, page_request("tools", first, after)
        if filter is None:
            page = await list_tools(
                context.deps, context.principal, server_name=server_name, page=page_asked
            )
        else:
            only = filter.filter()
            if server_name is not None and only.server_name not in (None, server_name):
                raise invalid("serverName and filter.serverName differ.", "serverName")
            only = only if server_name is None else replace(only, server_name=server_name)
            page = await find_tool_page(context.deps, context.principal, only, page_asked)
        return Connection[ToolType].of(
            "tools",
            page,
            lambda found: f"{found[0].name} {found[1].name}",
            lambda found: ToolType.of(*found),
        )
