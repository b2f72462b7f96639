"""News about servers."""

import strawberry

from app.resolvers.types.server import ServerType


@strawberry.type(
    name="ServerChange",
    description="A server was added, changed or deleted, by whichever replica of this service.",
)
class ServerChangeType:
    """One change."""

    server_name: str = strawberry.field(description="The server's name.")
    server: ServerType | None = strawberry.field(
        description="The server as it is now; null when it is gone."
    )
