"""Mutations of keys."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    UnavailableError,
)
from app.resolvers.types.key import DeploymentKey, KeyRotationType
from app.services.keys import list_keys, start_rotation


@strawberry.input(description="Which keys to rotate.")
class RotateKeysInput:
    """The input of rotateKeys."""

    sealing_key_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The id of the key that everything is to be sealed under, as a check; it is "
        "always the one that seals in the process that answers.",
    )


@strawberry.type(description="A rotation that has begun, and goes on by itself.")
class StartedKeyRotation:
    """The success of rotateKeys."""

    progress: KeyRotationType = strawberry.field(description="How far it was as it began.")
    keys: list[DeploymentKey] = strawberry.field(description="The keys, and what needs each.")


RotateKeysResult = Annotated[
    StartedKeyRotation | InvalidInputError | ForbiddenError | ConflictError | UnavailableError,
    strawberry.union("RotateKeysResult", description="The rotation as it began, or why not."),
]


@strawberry.type
class KeyMutations:
    """The key fields of Mutation."""

    @strawberry.mutation(
        description="Bring everything that is sealed under the key that seals, in the background, "
        "while calls go on; `keyRotation` shows the way. When it is killed, rotate again, and it "
        "goes on. For callers who may act for anyone."
    )
    async def rotate_keys(
        self,
        info: Info,
        input: Annotated[RotateKeysInput, strawberry.argument(description="To which key.")],
    ) -> RotateKeysResult:
        """Rotate."""
        return await outcome(_rotate(info, input.sealing_key_id))


async def _rotate(info: Info, sealing_key_id: str | None) -> StartedKeyRotation:
    context = info.context
    progress = await start_rotation(context.deps, context.principal, sealing_key_id)
    keys = await list_keys(context.deps, context.principal)
    return StartedKeyRotation(
        progress=KeyRotationType.of(progress), keys=[DeploymentKey.of(usage) for usage in keys]
    )
