"""Secrets, by name only."""

from datetime import datetime
from typing import Self

import strawberry

from app.domain.secret import Secret
from app.resolvers.types.node import Node, node_id


@strawberry.type(
    name="Secret", description="A user's stored secret. Its value cannot be read back."
)
class SecretType(Node):
    """One secret without its value."""

    name: str = strawberry.field(description="The argument it fills.")
    server_name: str = strawberry.field(description="The server whose tools receive it.")
    username: str = strawberry.field(description="The user it belongs to.")
    key_id: str = strawberry.field(description="The id of the key that seals it.")
    created_at: datetime = strawberry.field(description="When it was first set.")
    updated_at: datetime = strawberry.field(description="When it was last set.")

    @classmethod
    def of(cls, secret: Secret) -> Self:
        """The GraphQL secret."""
        ref = secret.ref
        return cls(
            id=node_id("Secret", ref.username, ref.server_name, ref.name),
            name=ref.name,
            server_name=ref.server_name,
            username=ref.username,
            key_id=secret.key_id,
            created_at=secret.created_at,
            updated_at=secret.updated_at,
        )
