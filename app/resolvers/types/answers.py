"""What servers answer when a resource is read, a prompt is fetched or a value completed."""

from collections.abc import Mapping
from typing import Self

import strawberry
from strawberry.scalars import JSON

from app.domain.listing import text_in

MOST_OF_INT = 2**31 - 1


@strawberry.type(description="One part of what a resource holds: a text, or bytes.")
class ResourcePart:
    """A text or a blob."""

    uri: str | None = strawberry.field(description="The address of this part.")
    mime_type: str | None = strawberry.field(description="Its media type.")
    text: str | None = strawberry.field(description="Its text, if it is one.")
    blob: str | None = strawberry.field(description="Its bytes in base64, if it is no text.")


def resource_part(part: Mapping[str, object]) -> ResourcePart:
    """The GraphQL part."""
    return ResourcePart(
        uri=text_in(part, "uri"),
        mime_type=text_in(part, "mimeType"),
        text=text_in(part, "text"),
        blob=text_in(part, "blob"),
    )


@strawberry.type(description="What a resource holds.")
class ResourceContents:
    """The result of `resources/read`."""

    parts: list[ResourcePart] = strawberry.field(
        description="Its parts; a folder, for example, has several."
    )
    raw: JSON = strawberry.field(
        description="The whole MCP result as the server sent it, with secret values masked."
    )

    @classmethod
    def of(cls, raw: Mapping[str, object]) -> Self:
        """The GraphQL contents."""
        given = raw.get("contents")
        parts = [
            resource_part(part)
            for part in (given if isinstance(given, list) else [])
            if isinstance(part, dict)
        ]
        return cls(parts=parts, raw=JSON(raw))


@strawberry.type(description="What a value that somebody is typing could become.")
class Completion:
    """The result of `completion/complete`."""

    values: list[str] = strawberry.field(description="Proposals, the best first; at most 100.")
    total: int | None = strawberry.field(
        description="How many there are in all, where the server says so."
    )
    has_more: bool = strawberry.field(description="Whether there are more than these.")

    @classmethod
    def of(cls, raw: Mapping[str, object]) -> Self:
        """The GraphQL completion."""
        given = raw.get("completion")
        found = given if isinstance(given, dict) else {}
        values = found.get("values")
        return cls(
            values=[v for v in (values if isinstance(values, list) else []) if isinstance(v, str)],
            total=_count(found.get("total")),
            has_more=found.get("hasMore") is True,
        )


def _count(value: object) -> int | None:
    """The value as a GraphQL Int, where it is one."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MOST_OF_INT else None
