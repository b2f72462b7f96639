"""Queries for API tokens."""

import strawberry

from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.token import TokenType
from app.services.tokens import list_tokens


@strawberry.type
class TokenQueries:
    """The token fields of Query."""

    @strawberry.field(
        description="The API tokens that were made, expired and revoked ones too; never their "
        "texts. For admins."
    )
    async def tokens(
        self, info: Info, first: First = 50, after: After = None
    ) -> Connection[TokenType]:
        """A page of tokens."""
        context = info.context
        page = await list_tokens(
            context.deps, context.principal, page_request("tokens", first, after)
        )
        return Connection[TokenType].of("tokens", page, lambda token: token.id, TokenType.of)
