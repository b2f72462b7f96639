"""What servers list besides tools: resources, resource templates and prompts."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.scalars import JSON

from app.domain.listing import Listed
from app.domain.page import Page
from app.domain.principal import acting_user
from app.domain.session import ListingKind
from app.resolvers.context import Info
from app.resolvers.enums import describe_enum
from app.resolvers.inputs import page_request
from app.resolvers.types.node import Connection, Node, node_id
from app.services.catalog import ForUser, list_entries

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
        return None if server is None else ServerType.of(info.context.deps, server)


@strawberry.type(name="Resource", description="Data that a server offers to be read.")
class ResourceType(_Entry):
    """One resource."""

    uri: str = strawberry.field(description="The address to read it by.")
    mime_type: str | None = strawberry.field(description="Its media type.")


@strawberry.type(
    name="ResourceTemplate", description="A pattern of addresses that a server can read."
)
class ResourceTemplateType(_Entry):
    """One resource template."""

    uri_template: str = strawberry.field(description="The pattern, after RFC 6570.")
    mime_type: str | None = strawberry.field(
        description="The media type of whatever matches, where all have the same."
    )


@strawberry.type(description="A value that a prompt can be filled in with.")
class PromptArgument:
    """One argument."""

    name: str = strawberry.field(description="Its name.")
    title: str | None = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it is for.")
    required: bool = strawberry.field(description="Whether the prompt cannot do without it.")


@strawberry.type(name="Prompt", description="A text for a model that a server has prepared.")
class PromptType(_Entry):
    """One prompt."""

    arguments: list[PromptArgument] = strawberry.field(
        description="What it can be filled in with."
    )


EntryType = ResourceType | ResourceTemplateType | PromptType


def render_entry(whose: ForUser, entry: Listed) -> EntryType:
    """The GraphQL type of an entry, whichever it is."""
    renderers: dict[ListingKind, Callable[[ForUser, Listed], EntryType]] = {
        ListingKind.RESOURCES: _resource,
        ListingKind.RESOURCE_TEMPLATES: _template,
        ListingKind.PROMPTS: _prompt,
    }
    return renderers[entry.kind](whose, entry)


def entry_id(kind: ListingKind, whose: ForUser, key: str) -> strawberry.ID:
    """The id of an entry: a server may list other things for other users."""
    return node_id(kind, whose.server_name, whose.username or "", key)
