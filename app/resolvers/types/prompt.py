"""Prompts, filled in, and their messages."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

import strawberry
from strawberry.scalars import JSON

from app.domain.listing import text_in
from app.resolvers.enums import describe_enum
from app.resolvers.types.content import ContentInterface, content_of


class MessageRole(StrEnum):
    """Whose message it is (MCP: Role)."""

    USER = "user"
    ASSISTANT = "assistant"


describe_enum(
    MessageRole,
    "MessageRole",
    "Whose message it is.",
    {MessageRole.USER: "The user's.", MessageRole.ASSISTANT: "The model's."},
)


@strawberry.type(description="A message of a prompt.")
class PromptMessage:
    """One message."""

    role: MessageRole | None = strawberry.field(
        description="Whose it is; null where the server says something unheard of."
    )
    content: ContentInterface = strawberry.field(description="What it says.")

    @classmethod
    def of(cls, message: Mapping[str, object]) -> Self:
        """The GraphQL message."""
        role = text_in(message, "role")
        known = next((known for known in MessageRole if known == role), None)
        return cls(role=known, content=content_of(message.get("content")))


@strawberry.type(description="A prompt, filled in.")
class PromptResult:
    """The result of `prompts/get`."""

    description: str | None = strawberry.field(description="What it is, in the server's words.")
    messages: list[PromptMessage] = strawberry.field(description="The messages for the model.")
    raw: JSON = strawberry.field(
        description="The whole MCP result as the server sent it, with secret values masked."
    )

    @classmethod
    def of(cls, raw: Mapping[str, object]) -> Self:
        """The GraphQL result."""
        messages = raw.get("messages")
        listed = messages if isinstance(messages, list) else []
        return cls(
            description=text_in(raw, "description"),
            messages=[PromptMessage.of(m) for m in listed if isinstance(m, dict)],
            raw=JSON(raw),
        )
