"""Tools and what they answer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.scalars import JSON

from app.domain.call import ToolOutcome
from app.domain.server import Server
from app.domain.tool import Tool
from app.resolvers.context import Info
from app.resolvers.types.content import ContentInterface, contents_of, texts_of
from app.resolvers.types.node import Node, node_id

if TYPE_CHECKING:
    from app.resolvers.types.server import ServerType


@strawberry.type(description="A server's own words on what a tool does to the world.")
class ToolHints:
    """MCP's ToolAnnotations, with the defaults of the specification."""

    read_only: bool = strawberry.field(description="Whether it changes nothing.")
    destructive: bool = strawberry.field(description="Whether it may destroy something.")
    idempotent: bool = strawberry.field(
        description="Whether calling it again with the same arguments changes nothing more."
    )
    open_world: bool = strawberry.field(
        description="Whether it deals with what lies outside of its server, such as the web."
    )

    @classmethod
    def of(cls, annotations: Mapping[str, object]) -> Self:
        """The GraphQL hints."""
        return cls(
            read_only=annotations.get("readOnlyHint") is True,
            destructive=annotations.get("destructiveHint") is not False,
            idempotent=annotations.get("idempotentHint") is True,
            open_world=annotations.get("openWorldHint") is not False,
        )


@strawberry.type(name="Tool", description="A tool of an MCP server, as the server listed it.")
class ToolType(Node):
    """One tool."""

    name: str = strawberry.field(description="The name to call it by.")
    title: str | None = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it does, in the server's words.")
    input_schema: JSON = strawberry.field(description="The JSON Schema of its arguments.")
    output_schema: JSON | None = strawberry.field(
        description="The JSON Schema of its structured content, where it declares one."
    )
    hints: ToolHints = strawberry.field(
        description="What the server says of the tool's effects; it may be wrong."
    )
    annotations: JSON | None = strawberry.field(
        description="Everything the server says beside, as it sent it."
    )
    server_name: str = strawberry.field(description="The server it belongs to.")

    @strawberry.field(description="The server it belongs to.")
    async def server(
        self, info: Info
    ) -> Annotated["ServerType", strawberry.lazy("app.resolvers.types.server")] | None:
        """The edge to the server."""
        from app.resolvers.types.server import ServerType  # noqa: PLC0415 - the types refer to each other

        server = await info.context.loaders.servers.load(self.server_name)
        return None if server is None else ServerType.of(info.context, server)

    @classmethod
    def of(cls, server: Server, tool: Tool) -> Self:
        """The GraphQL tool."""
        return cls(
            id=node_id("Tool", server.name, tool.name),
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=JSON(tool.input_schema),
            output_schema=None if tool.output_schema is None else JSON(tool.output_schema),
            hints=ToolHints.of(tool.annotations or {}),
            annotations=None if tool.annotations is None else JSON(tool.annotations),
            server_name=server.name,
        )


@strawberry.type(description="What a tool answered; a tool's own failure has `isError: true`.")
class ToolResult:
    """The outcome of one call, of which is read what is asked for."""

    outcome: strawberry.Private[ToolOutcome]

    @strawberry.field(description="The call's id, as in the log.")
    def call_id(self) -> strawberry.ID:
        """The id."""
        return strawberry.ID(self.outcome.call_id)

    @strawberry.field(description="Whether the tool itself reported failure.")
    def is_error(self) -> bool:
        """The tool's word."""
        return self.outcome.is_error

    @strawberry.field(description="All text parts, joined by newlines.")
    def text(self) -> str:
        """The texts."""
        return "\n".join(texts_of(self.outcome.raw.get("content")))

    @strawberry.field(description="What the tool said, part by part, in its order.")
    def content(self) -> list[ContentInterface]:
        """The parts."""
        return contents_of(self.outcome.raw.get("content"))

    @strawberry.field(description="The structured result, where the tool gives one.")
    def structured_content(self) -> JSON | None:
        """The structured result."""
        structured = self.outcome.raw.get("structuredContent")
        return None if structured is None else JSON(structured)

    @strawberry.field(
        description="The whole MCP result as the server sent it, with secret values masked."
    )
    def raw(self) -> JSON:
        """The result."""
        return JSON(self.outcome.raw)

    @strawberry.field(description="How long the call took inside this service, in milliseconds.")
    def duration_milliseconds(self) -> float:
        """Milliseconds, to three digits behind the point."""
        return round(self.outcome.duration_milliseconds, 3)
