"""Servers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.scalars import JSON

from app.domain.page import PageRequest
from app.domain.server import Server, ServerStatus, ServerView, Transport
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First, Node, node_id
from app.resolvers.types.tool import ToolType
from app.services.deps import Deps
from app.services.servers import server_logs, view_server
from app.services.tools import find_tool_of, page_tools_of

if TYPE_CHECKING:
    from app.resolvers.types.package import PackageType

strawberry.enum(Transport, name="Transport", description="How a server is spoken to.")
strawberry.enum(
    ServerStatus, name="ServerStatus", description="Whether a server can be called right now."
)


@strawberry.type(name="Server", description="An MCP server that this service runs.")
class ServerType(Node):
    """One server."""

    view: strawberry.Private[ServerView]
    name: str = strawberry.field(description="The unique name.")
    display_name: str = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it is for.")
    transport: Transport = strawberry.field(description="How it is spoken to.")
    command: str = strawberry.field(description="The program that starts it.")
    args: list[str] = strawberry.field(description="The program's arguments.")
    env: JSON = strawberry.field(description="The environment variables it declares.")
    cwd: str | None = strawberry.field(description="The folder it is started in.")
    secret_names: list[str] = strawberry.field(
        description="The secrets its tools expect of each user."
    )
    startup_timeout_seconds: float = strawberry.field(
        description="How long it may take to start, in seconds."
    )
    enabled: bool = strawberry.field(description="Whether its tools may be called.")
    status: ServerStatus = strawberry.field(
        description="Whether it can be called right now, seen from the process that answers."
    )
    last_error: str | None = strawberry.field(
        description="Why it did not start or ended, if its last session ended unasked."
    )
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @strawberry.field(description="The package it was installed from, if it was.")
    async def package(
        self, info: Info
    ) -> Annotated["PackageType", strawberry.lazy("app.resolvers.types.package")] | None:
        """The edge to the package."""
        from app.resolvers.types.package import PackageType  # noqa: PLC0415 - the types refer to each other

        if self.view.server.install_id is None:
            return None
        package = await info.context.loaders.packages.load(self.name)
        return None if package is None else PackageType.of(info.context.deps, package)

    @strawberry.field(description="Its tools by name, as it listed them last.")
    def tools(
        self,
        first: First = 100,
        after: After = None,
    ) -> Connection[ToolType]:
        """The edge to the tools."""
        server = self.view.server
        page: PageRequest = page_request(first, after)
        return Connection[ToolType].of(
            page_tools_of(server, page), lambda t: t.name, lambda t: ToolType.of(server, t)
        )

    @strawberry.field(description="One of its tools.")
    def tool(
        self, name: Annotated[str, strawberry.argument(description="The tool's exact name.")]
    ) -> ToolType | None:
        """The edge to one tool."""
        tool = find_tool_of(self.view.server, name)
        return None if tool is None else ToolType.of(self.view.server, tool)

    @strawberry.field(
        description="The last lines it wrote to stderr, oldest first, with secret values masked."
    )
    def logs(
        self,
        info: Info,
        last: Annotated[int, strawberry.argument(description="How many lines, up to 200.")] = 100,
    ) -> list[str]:
        """The server's stderr."""
        return server_logs(info.context.deps, self.name, last)

    @classmethod
    def of(cls, deps: Deps, server: Server) -> Self:
        """The GraphQL server, with its state right now."""
        view, settings = view_server(deps, server), server.settings
        return cls(
            view=view,
            id=node_id("Server", server.name),
            name=server.name,
            display_name=settings.display_name or server.name,
            description=settings.description,
            transport=settings.transport,
            command=view.launch.command,
            args=[*view.launch.args],
            env=JSON(view.launch.env),
            cwd=view.launch.cwd,
            secret_names=[*settings.secret_names],
            startup_timeout_seconds=settings.startup_timeout_seconds,
            enabled=settings.is_enabled,
            status=view.status,
            last_error=view.last_error,
            created_at=server.created_at,
            updated_at=server.updated_at,
        )
