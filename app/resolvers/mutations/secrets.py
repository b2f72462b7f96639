"""Mutations of secrets."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from app.resolvers.types.secret import SecretType
from app.services.secrets import Place, delete_secret, set_secret

SHARED = (
    "Whether it is for every user who has none of their own, and belongs to no user; for callers "
    "who may act for anyone."
)


@strawberry.input(description="A secret to store.")
class SetSecretInput:
    """The input of setSecret."""

    server_name: str = strawberry.field(description="The server that receives it.")
    name: str = strawberry.field(
        description="Its name; one that the server does not declare is an argument."
    )
    value: str = strawberry.field(
        description="The value, up to 64 KiB; stored encrypted, and never shown again."
    )
    username: str | None = strawberry.field(
        default=None, description="Whose it is; by default the caller's."
    )
    shared: bool = strawberry.field(default=False, description=SHARED)


@strawberry.input(description="A secret to remove.")
class DeleteSecretInput:
    """The input of deleteSecret."""

    server_name: str = strawberry.field(description="The server it is for.")
    name: str = strawberry.field(description="Its name.")
    username: str | None = strawberry.field(
        default=None, description="Whose it is; by default the caller's."
    )
    shared: bool = strawberry.field(default=False, description=SHARED)


@strawberry.type(description="A finished deletion.")
class DeletedSecret:
    """The success of deleteSecret."""

    existed: bool = strawberry.field(description="Whether there was one; if not, that is fine.")


SetSecretResult = Annotated[
    SecretType
    | InvalidInputError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("SetSecretResult", description="The stored secret, or why not."),
]
DeleteSecretResult = Annotated[
    DeletedSecret | InvalidInputError | ForbiddenError | UnavailableError,
    strawberry.union("DeleteSecretResult", description="What was removed, or why not."),
]


@strawberry.type
class SecretMutations:
    """The secret fields of Mutation."""

    @strawberry.mutation(
        description="Store a secret for a server, replacing an older one. Sessions "
        "that carry the old one end when their calls are done.",
    )
    async def set_secret(
        self,
        info: Info,
        input: Annotated[SetSecretInput, strawberry.argument(description="The secret to store.")],
    ) -> SetSecretResult:
        """Set."""
        return await outcome(_set(info, input))

    @strawberry.mutation(
        description="Remove a secret; the next call goes without it. Sessions that carry it end "
        "when their calls are done."
    )
    async def delete_secret(
        self,
        info: Info,
        input: Annotated[DeleteSecretInput, strawberry.argument(description="Which secret.")],
    ) -> DeleteSecretResult:
        """Delete."""
        return await outcome(_delete(info, input))


async def _set(info: Info, given: SetSecretInput) -> SecretType:
    context, place = info.context, _place(given)
    return SecretType.of(await set_secret(context.deps, context.principal, place, given.value))


async def _delete(info: Info, given: DeleteSecretInput) -> DeletedSecret:
    context, place = info.context, _place(given)
    return DeletedSecret(existed=await delete_secret(context.deps, context.principal, place))


def _place(given: SetSecretInput | DeleteSecretInput) -> Place:
    return Place(
        server_name=given.server_name,
        name=given.name,
        username=given.username,
        is_shared=given.shared,
    )
