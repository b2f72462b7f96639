"""News about what servers list."""

import strawberry

from app.domain.session import ListingKind
from app.resolvers.types.server import ServerType


@strawberry.type(
    name="ListingChange", description="A server has said that one of its listings changed."
)
class ListingChangeType:
    """One change."""

    kind: ListingKind = strawberry.field(description="Which listing.")
    server: ServerType = strawberry.field(description="The server, as it is now.")
