"""Secrets, by name only."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.domain.delivery import Delivery, bindings_for
from app.domain.secret import SHARED, Secret
from app.resolvers.context import Info
from app.resolvers.types import delivery as _described  # noqa: F401 - makes the enum known
from app.resolvers.types.node import Node, node_id

if TYPE_CHECKING:
    from app.resolvers.types.server import ServerType


@strawberry.type(name="Secret", description="A stored secret. Its value cannot be read back.")
class SecretType(Node):
    """One secret without its value."""

    name: str = strawberry.field(description="Its name.")
    server_name: str = strawberry.field(description="The server that receives it.")
    username: str | None = strawberry.field(
        description="The user it belongs to; null for one that all users share."
    )
    shared: bool = strawberry.field(
        description="Whether it is for every user who has none of their own."
    )
    key_id: str = strawberry.field(description="The id of the key that seals it.")
    created_at: datetime = strawberry.field(description="When it was first set.")
    updated_at: datetime = strawberry.field(description="When it was last set.")
    last_used_at: datetime | None = strawberry.field(
        description="When a call last carried it, to within a minute; null for never."
    )

    @strawberry.field(description="The server that receives it; null when that is deleted.")
    async def server(
        self, info: Info
    ) -> Annotated["ServerType", strawberry.lazy("app.resolvers.types.server")] | None:
        """The edge to the server."""
        from app.resolvers.types.server import ServerType  # noqa: PLC0415 - the types refer to each other

        server = await info.context.loaders.servers.load(self.server_name)
        return None if server is None else ServerType.of(info.context, server)

    @strawberry.field(
        description="The way it takes, as its server declares; ARGUMENT where nothing is declared."
    )
    async def delivery(self, info: Info) -> Delivery:
        """What the server's settings say of this name."""
        server = await info.context.loaders.servers.load(self.server_name)
        declared = () if server is None else server.settings.secrets
        return bindings_for([self.name], declared)[0].delivery

    @classmethod
    def of(cls, secret: Secret) -> Self:
        """The GraphQL secret."""
        ref = secret.ref
        is_shared = ref.username == SHARED
        return cls(
            id=node_id("Secret", ref.username, ref.server_name, ref.name),
            name=ref.name,
            server_name=ref.server_name,
            username=None if is_shared else ref.username,
            shared=is_shared,
            key_id=secret.key_id,
            created_at=secret.created_at,
            updated_at=secret.updated_at,
            last_used_at=secret.last_used_at,
        )
