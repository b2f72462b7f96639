"""Mutations of secrets."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from app.resolvers.types.secret import SecretType
from app.services.secrets import delete_secret, set_secret


@strawberry.input(description="A secret to store.")
class SetSecretInput:
    """The input of setSecret."""

    server_name: str = strawberry.field(description="The server whose tools receive it.")
    name: str = strawberry.field(description="The argument it fills.")
    value: str = strawberry.field(
        description="The value, up to 64 KiB; stored encrypted, and never shown again."
    )
    username: str | None = strawberry.field(
        default=None, description="Whose it is; by default the caller's."
    )


@strawberry.input(description="A secret to remove.")
class DeleteSecretInput:
    """The input of deleteSecret."""

    server_name: str = strawberry.field(description="The server it is for.")
    name: str = strawberry.field(description="Its name.")
    username: str | None = strawberry.field(
        default=None, description="Whose it is; by default the caller's."
    )


@strawberry.type(description="A finished deletion.")
class DeletedSecret:
    """The success of deleteSecret."""

    existed: bool = strawberry.field(description="Whether there was one; if not, that is fine.")


SetSecretResult = Annotated[
    SecretType | InvalidInputError | ForbiddenError | NotFoundError | UnavailableError,
    strawberry.union("SetSecretResult", description="The stored secret, or why not."),
]
DeleteSecretResult = Annotated[
    DeletedSecret | InvalidInputError | ForbiddenError | UnavailableError,
    strawberry.union("DeleteSecretResult", description="What was removed, or why not."),
]


@strawberry.type
class SecretMutations:
    """The secret fields of Mutation."""

    @strawberry.mutation(description="Store a user's secret for a server, replacing an older one.")
    async def set_secret(
        self,
        info: Info,
        input: Annotated[SetSecretInput, strawberry.argument(description="The secret to store.")],
    ) -> SetSecretResult:
        """Set."""
        return await outcome(_set(info, input))

    @strawberry.mutation(description="Remove a user's secret; the next call goes without it.")
    async def delete_secret(
        self,
        info: Info,
        input: Annotated[DeleteSecretInput, strawberry.argument(description="Which secret.")],
    ) -> DeleteSecretResult:
        """Delete."""
        return await outcome(_delete(info, input))


async def _set(info: Info, given: SetSecretInput) -> SecretType:
    secret = await set_secret(
        info.context.deps,
        info.context.principal,
        server_name=given.server_name,
        name=given.name,
        value=given.value,
        username=given.username,
    )
    return SecretType.of(secret)


async def _delete(info: Info, given: DeleteSecretInput) -> DeletedSecret:
    existed = await delete_secret(
        info.context.deps,
        info.context.principal,
        server_name=given.server_name,
        name=given.name,
        username=given.username,
    )
    return DeletedSecret(existed=existed)
