"""What tools and prompts say: texts, images, sounds, links and whole resources."""

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.scalars import JSON

from app.domain.listing import text_in
from app.resolvers.types.answers import ResourcePart, resource_part


@strawberry.interface(
    name="Content", description="A part of what a tool or prompt says (MCP: content block)."
)
class ContentInterface:
    """What every part has."""

    raw: JSON = strawberry.field(
        description="The part as the server sent it, with secret values masked."
    )


@strawberry.type(description="A text.")
class TextContent(ContentInterface):
    """MCP's `text`."""

    text: str = strawberry.field(description="The text.")


@strawberry.type(description="An image.")
class ImageContent(ContentInterface):
    """MCP's `image`."""

    data: str = strawberry.field(description="Its bytes in base64.")
    mime_type: str = strawberry.field(description="Its media type.")


@strawberry.type(description="A sound.")
class AudioContent(ContentInterface):
    """MCP's `audio`."""

    data: str = strawberry.field(description="Its bytes in base64.")
    mime_type: str = strawberry.field(description="Its media type.")


@strawberry.type(description="Where a resource can be read; `resourceContents` reads it.")
class ResourceLink(ContentInterface):
    """MCP's `resource_link`."""

    uri: str = strawberry.field(description="The address to read it by.")
    name: str | None = strawberry.field(description="Its name.")
    title: str | None = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it is, in the server's words.")
    mime_type: str | None = strawberry.field(description="Its media type.")


@strawberry.type(description="A resource that is part of the answer.")
class EmbeddedResource(ContentInterface):
    """MCP's `resource`."""

    resource: ResourcePart = strawberry.field(description="What it holds.")


@strawberry.type(description="A part of a kind that this service does not know; `raw` has it.")
class UnknownContent(ContentInterface):
    """Anything else, and parts that lack what their kind needs."""

    type: str | None = strawberry.field(description="The kind that the server says it is.")


CONTENT_TYPES = (
    TextContent, ImageContent, AudioContent, ResourceLink, EmbeddedResource, UnknownContent,
)  # fmt: skip


def content_of(part: object) -> ContentInterface:
    """The GraphQL part; of a part that is wrong nothing is lost."""
    if not isinstance(part, dict):
        return UnknownContent(type=None, raw=JSON(part))
    known = _known(part, JSON(part))
    return UnknownContent(type=text_in(part, "type"), raw=JSON(part)) if known is None else known


def contents_of(parts: object) -> list[ContentInterface]:
    """The GraphQL parts of a list."""
    return [content_of(part) for part in parts] if isinstance(parts, list) else []


def texts_of(parts: object) -> list[str]:
    """What the text parts of a list say."""
    texts: list[str] = []
    for part in parts if isinstance(parts, list) else ():
        text = _text(part)
        if text is not None:
            texts.append(text)
    return texts


def _text(part: object) -> str | None:
    if not isinstance(part, dict) or part.get("type") != "text":
        return None
    text = part.get("text")
    return text if isinstance(text, str) else None


def _known(part: Mapping[str, Any], raw: JSON) -> ContentInterface | None:
    text, kind = _text(part), text_in(part, "mimeType")
    if text is not None:
        return TextContent(text=text, raw=raw)
    match part.get("type"):
        case "image" if (data := text_in(part, "data")) is not None and kind is not None:
            return ImageContent(data=data, mime_type=kind, raw=raw)
        case "audio" if (data := text_in(part, "data")) is not None and kind is not None:
            return AudioContent(data=data, mime_type=kind, raw=raw)
        case "resource_link" if (uri := text_in(part, "uri")) is not None:
            return ResourceLink(
                uri=uri,
                name=text_in(part, "name"),
                title=text_in(part, "title"),
                description=text_in(part, "description"),
                mime_type=kind,
                raw=raw,
            )
        case "resource" if isinstance(part.get("resource"), dict):
            return EmbeddedResource(resource=resource_part(part["resource"]), raw=raw)
        case _:
            return None
