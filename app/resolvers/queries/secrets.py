"""Queries for secrets: names only."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.preflight import SecretPreflightType
from app.resolvers.types.secret import SecretType
from app.services.preflight import preflight
from app.services.secrets import list_secrets


@strawberry.type
class SecretQueries:
    """The secret fields of Query."""

    @strawberry.field(
        description="Secrets of a user, or those that all users share, by server and name; never "
        "a value."
    )
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
        *,
        shared: Annotated[
            bool,
            strawberry.argument(
                description="Those that all users share, for callers who may act for anyone."
            ),
        ] = False,
    ) -> Connection[SecretType]:
        """A page of secrets."""
        context = info.context
        page = await list_secrets(
            context.deps,
            context.principal,
            username=username,
            server_name=server_name,
            page=page_request("secrets", first, after),
            is_shared=shared,
        )
        return Connection[SecretType].of(
            "secrets", page, lambda s: f"{s.ref.server_name} {s.ref.name}", SecretType.of
        )

    @strawberry.field(
        description="What a call for a user would carry to a server, and what is missing; never a "
        "value."
    )
    async def secret_preflight(
        self,
        info: Info,
        server_name: Annotated[str, strawberry.argument(description="The server's exact name.")],
        username: Annotated[
            str | None, strawberry.argument(description="For whom; by default the caller.")
        ] = None,
    ) -> SecretPreflightType:
        """A look before a call."""
        context = info.context
        return SecretPreflightType.of(
            await preflight(context.deps, context.principal, server_name, username)
        )
