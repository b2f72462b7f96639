"""What servers list besides tools: resources, resource templates and prompts."""

from typing import TYPE_CHECKING, Annotated, Any, Self

import strawberry
from strawberry.scalars import JSON

from app.domain.listing import Listed, text_in
from app.domain.session import ListingKind
from app.resolvers.context import Info
from app.resolvers.enums import describe_enum
from app.resolvers.types.node import Node, node_id
from app.services.catalog import ForUser

if TYPE_CHECKING:
    from app.resolvers.types.server import ServerType

describe_enum(
    ListingKind,
    "ListingKind",
    "What a server lists.",
    {
        ListingKind.TOOLS: "Its tools.",
        ListingKind.RESOURCES: "Its resources.",
        ListingKind.RESOURCE_TEMPLATES: "Its resource templates.",
        ListingKind.PROMPTS: "Its prompts.",
    },
)
Username = Annotated[
    str | None,
    strawberry.argument(description="For which user the server is asked; by default the caller."),
]


@strawberry.type
class _Entry(Node):
    """What every entry of a listing has."""

    name: str = strawberry.field(description="Its name; where the server gives none, its key.")
    title: str | None = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it is, in the server's words.")
    raw: JSON = strawberry.field(
        description="The entry as the server sent it, with secret values masked."
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


@strawberry.type(name="Resource", description="Data that a server offers to be read.")
class ResourceType(_Entry):
    """One resource."""

    uri: str = strawberry.field(description="The address to read it by.")
    mime_type: str | None = strawberry.field(description="Its media type.")

    @classmethod
    def of(cls, whose: ForUser, entry: Listed) -> Self:
        """The GraphQL resource."""
        shared = _shared("Resource", whose, entry)
        return cls(**shared, uri=entry.key, mime_type=entry.text("mimeType"))


@strawberry.type(
    name="ResourceTemplate", description="A pattern of addresses that a server can read."
)
class ResourceTemplateType(_Entry):
    """One resource template."""

    uri_template: str = strawberry.field(description="The pattern (RFC 6570).")
    mime_type: str | None = strawberry.field(
        description="The media type of whatever matches, where all have the same."
    )

    @classmethod
    def of(cls, whose: ForUser, entry: Listed) -> Self:
        """The GraphQL resource template."""
        shared = _shared("ResourceTemplate", whose, entry)
        return cls(**shared, uri_template=entry.key, mime_type=entry.text("mimeType"))


@strawberry.type(description="A value that a prompt can be filled in with.")
class PromptArgument:
    """One argument."""

    name: str = strawberry.field(description="Its name.")
    title: str | None = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it is for.")
    required: bool = strawberry.field(description="Whether the prompt cannot do without it.")


@strawberry.type(name="Prompt", description="Messages for a model that a server has prepared.")
class PromptType(_Entry):
    """One prompt."""

    arguments: list[PromptArgument] = strawberry.field(
        description="The values it can be filled in with."
    )

    @classmethod
    def of(cls, whose: ForUser, entry: Listed) -> Self:
        """The GraphQL prompt."""
        given = entry.raw.get("arguments")
        arguments = [
            PromptArgument(
                name=argument["name"],
                title=text_in(argument, "title"),
                description=text_in(argument, "description"),
                required=argument.get("required") is True,
            )
            for argument in (given if isinstance(given, list) else [])
            if isinstance(argument, dict) and isinstance(argument.get("name"), str)
        ]
        return cls(**_shared("Prompt", whose, entry), arguments=arguments)


def _shared(kind: str, whose: ForUser, entry: Listed) -> dict[str, Any]:
    """The fields of every entry. The id names the user: another's listing may differ."""
    return {
        "id": node_id(kind, whose.server_name, whose.username or "", entry.key),
        "name": entry.text("name") or entry.key,
        "title": entry.text("title"),
        "description": entry.text("description"),
        "raw": JSON(entry.raw),
        "server_name": whose.server_name,
    }
