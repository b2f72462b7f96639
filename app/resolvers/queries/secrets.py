"""Queries for secrets: names only."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.secret import SecretType
from app.services.secrets import list_secrets


@strawberry.type
class SecretQueries:
    """The secret fields of Query."""

    @strawberry.field(description="A user's secrets by server and name; never a value.")
    async def secrets(
        self,
        info: Info,
        username: Annotated[
            str | None, strawberry.argument(description="Whose; by default the caller's.")
        ] = None,
        server_name: Annotated[
            str | None, strawberry.argument(description="Only those for this server.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[SecretType]:
        """A page of secrets."""
        context = info.context
        page = await list_secrets(
            context.deps,
            context.principal,
            username=username,
            server_name=server_name,
            page=page_request(first, after),
        )
        return Connection[SecretType].of(
            page, lambda s: f"{s.ref.server_name} {s.ref.name}", SecretType.of
        )
