"""Servers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.scalars import JSON

from app.domain.listing import Listed
from app.domain.log_level import LogLevel
from app.domain.page import Page, PageRequest
from app.domain.server import Isolation, Server, ServerStatus, ServerView, Transport
from app.domain.session import ListingKind
from app.resolvers.context import Context, Info
from app.resolvers.inputs import page_request
from app.resolvers.types import server_enums as _described  # noqa: F401 - makes the enums known
from app.resolvers.types.access import ServerAccessType
from app.resolvers.types.delivery import SecretBindingType
from app.resolvers.types.listing import PromptType, ResourceTemplateType, ResourceType, Username
from app.resolvers.types.node import After, Connection, First, Node, node_id
from app.resolvers.types.session import SessionType
from app.resolvers.types.tool import ToolType
from app.services.catalog import ForUser, list_entries
from app.services.servers import server_logs, view_server
from app.services.sessions import sessions_of
from app.services.tools import find_tool_of, page_tools_of

if TYPE_CHECKING:
    from app.resolvers.types.package import PackageType


@strawberry.type(name="Server", description="An MCP server that this service runs.")
class ServerType(Node):
    """One server."""

    view: strawberry.Private[ServerView]
    name: str = strawberry.field(description="The unique name.")
    display_name: str = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it is for.")
    transport: Transport = strawberry.field(description="How it is spoken to.")
    command: str | None = strawberry.field(
        description="The program that starts it; null for one that runs elsewhere."
    )
    args: list[str] = strawberry.field(description="The program's arguments.")
    env: JSON = strawberry.field(
        description="The environment variables it declares. What looks like a credential is shown "
        "as `[secret]`; written back like that, it stays as it is."
    )
    cwd: str | None = strawberry.field(description="The folder it is started in.")
    url: str | None = strawberry.field(
        description="Its address; null for a program on this machine."
    )
    headers: JSON = strawberry.field(
        description="The HTTP headers that every request carries, shown like `env`."
    )
    allows_private_network: bool | None = strawberry.field(
        description="Whether it may be reached at addresses of private networks and of this "
        "machine; null for what this service allows by default."
    )
    masks_results: bool = strawberry.field(
        description="Whether secret values are masked in what it answers."
    )
    startup_timeout_seconds: float = strawberry.field(
        description="How long it may take to start, in seconds."
    )
    isolation: Isolation = strawberry.field(description="Who shares a session of it.")
    call_timeout_seconds: float = strawberry.field(
        description="How long a call may take without progress, in seconds, unless it says so "
        "itself."
    )
    longest_call_seconds: float = strawberry.field(
        description="How long a call may take that reports progress, in seconds."
    )
    idle_seconds: float | None = strawberry.field(
        description="After how many seconds without a call a session of it ends; null for never "
        "where all users share it, for five minutes where each has their own."
    )
    max_concurrent_calls: int | None = strawberry.field(
        description="How many calls of one session may be at work at once; null for any number."
    )
    max_sessions: int | None = strawberry.field(
        description="How many sessions it may have at once; null for this service's own limit."
    )
    checks_arguments: bool = strawberry.field(
        description="Whether arguments are checked against a tool's schema before they are sent."
    )
    log_level: LogLevel | None = strawberry.field(
        description="What it is asked to log; null for what it logs by itself."
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

    @strawberry.field(
        description="The secrets it wants of each user; others that a user has set are arguments."
    )
    def secret_bindings(self) -> list[SecretBindingType]:
        """The declared secrets."""
        return [SecretBindingType.of(each) for each in self.view.server.settings.secrets]

    @strawberry.field(
        description="Who may see and call it, and which of its tools; null for callers who may "
        "not manage it."
    )
    def access(self) -> ServerAccessType | None:
        """The rules for callers and tools."""
        view = self.view
        return ServerAccessType.of(view.server.settings.access) if view.has_details else None

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
        page: PageRequest = page_request("Server.tools", first, after)
        return Connection[ToolType].of(
            "Server.tools",
            page_tools_of(server, page),
            lambda t: t.name,
            lambda t: ToolType.of(server, t),
        )

    @strawberry.field(description="One of its tools.")
    def tool(
        self,
        tool_name: Annotated[str, strawberry.argument(description="The tool's exact name.")],
    ) -> ToolType | None:
        """The edge to one tool."""
        tool = find_tool_of(self.view.server, tool_name)
        return None if tool is None else ToolType.of(self.view.server, tool)

    @strawberry.field(
        description="Its resources by address, as it lists them for the user; "
        "null when it does not."
    )
    async def resources(
        self, info: Info, first: First = 100, after: After = None, username: Username = None
    ) -> Connection[ResourceType] | None:
        """The edge to the resources."""
        whose, page = await self._entries(
            info, ListingKind.RESOURCES, username, page_request("resources", first, after)
        )
        return Connection[ResourceType].of(
            "resources", page, _key, lambda e: ResourceType.of(whose, e)
        )

    @strawberry.field(
        description="Its resource templates by pattern, as it lists them for the user; "
        "null when it does not."
    )
    async def resource_templates(
        self, info: Info, first: First = 100, after: After = None, username: Username = None
    ) -> Connection[ResourceTemplateType] | None:
        """The edge to the resource templates."""
        whose, page = await self._entries(
            info, ListingKind.RESOURCE_TEMPLATES, username, page_request("templates", first, after)
        )
        return Connection[ResourceTemplateType].of(
            "templates", page, _key, lambda e: ResourceTemplateType.of(whose, e)
        )

    @strawberry.field(
        description="Its prompts by name, as it lists them for the user; null when it does not."
    )
    async def prompts(
        self, info: Info, first: First = 100, after: After = None, username: Username = None
    ) -> Connection[PromptType] | None:
        """The edge to the prompts."""
        whose, page = await self._entries(
            info, ListingKind.PROMPTS, username, page_request("prompts", first, after)
        )
        return Connection[PromptType].of("prompts", page, _key, lambda e: PromptType.of(whose, e))

    @strawberry.field(
        description="Its sessions in the process that answers; those of other users only for "
        "callers who may act for them."
    )
    async def sessions(self, info: Info) -> list[SessionType] | None:
        """The edge to the sessions."""
        views = await sessions_of(info.context.deps, info.context.principal, self.name)
        return [SessionType.of(view) for view in views]

    @strawberry.field(
        description="The last lines it wrote to stderr, oldest first, with secret values masked."
    )
    def logs(
        self,
        info: Info,
        last: Annotated[int, strawberry.argument(description="How many lines, up to 200.")] = 100,
    ) -> list[str] | None:
        """The server's stderr."""
        return server_logs(info.context.deps, info.context.principal, self.name, last)

    async def _entries(
        self, info: Info, kind: ListingKind, username: str | None, page: PageRequest
    ) -> tuple[ForUser, Page[Listed]]:
        context = info.context
        whose = ForUser(self.name, context.principal.subject if username is None else username)
        return whose, await list_entries(context.deps, context.principal, whose, kind, page)

    @classmethod
    def of(cls, context: Context, server: Server) -> Self:
        """The GraphQL server, with its state right now, as far as the caller may know it."""
        view = view_server(context.deps, context.principal, server)
        settings = view.server.settings
        program = view.program
        return cls(
            view=view,
            id=node_id("Server", server.name),
            name=server.name,
            display_name=settings.display_name or server.name,
            description=settings.description,
            transport=settings.transport,
            command=None if program is None else program.command,
            args=[] if program is None else [*program.args],
            env=JSON({} if program is None else program.env),
            cwd=None if program is None else program.cwd,
            url=settings.url,
            headers=JSON(settings.headers),
            allows_private_network=settings.allows_private_network,
            masks_results=settings.masks_results,
            startup_timeout_seconds=settings.startup_timeout_seconds,
            isolation=settings.isolation,
            call_timeout_seconds=settings.call_timeout_seconds,
            longest_call_seconds=settings.longest_call_seconds,
            idle_seconds=settings.idle_seconds,
            max_concurrent_calls=settings.max_concurrent_calls,
            max_sessions=settings.max_sessions,
            checks_arguments=settings.checks_arguments,
            log_level=settings.log_level,
            enabled=settings.is_enabled,
            status=view.status,
            last_error=view.last_error,
            created_at=server.created_at,
            updated_at=server.updated_at,
        )


def _key(entry: Listed) -> str:
    return entry.key
