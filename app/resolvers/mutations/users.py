"""Mutations of users."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import ForbiddenError, InvalidInputError, UnavailableError
from app.services.users import remove_user


@strawberry.input(description="A user to remove.")
class RemoveUserInput:
    """The input of removeUser."""

    username: str = strawberry.field(description="The user's exact name.")


@strawberry.type(description="A finished removal.")
class RemovedUser:
    """The success of removeUser."""

    username: str = strawberry.field(description="The user whose secrets and sessions are gone.")
    secrets: int = strawberry.field(description="How many secrets were removed.")


RemoveUserResult = Annotated[
    RemovedUser | InvalidInputError | ForbiddenError | UnavailableError,
    strawberry.union("RemoveUserResult", description="What was removed, or why not."),
]


@strawberry.type
class UserMutations:
    """The user fields of Mutation."""

    @strawberry.mutation(
        description="Remove a user's secrets for every server, with the key that they are sealed "
        "with, and end the user's sessions. Nothing can open them afterwards, not even from a "
        "backup of the secrets alone. The API tokens that speak for the user go on working: revoke "
        "them too, with `revokeToken`. For callers who may act for anyone."
    )
    async def remove_user(
        self,
        info: Info,
        input: Annotated[RemoveUserInput, strawberry.argument(description="Who is to go.")],
    ) -> RemoveUserResult:
        """Remove."""
        return await outcome(_remove(info, input.username))


async def _remove(info: Info, username: str) -> RemovedUser:
    context = info.context
    removed = await remove_user(context.deps, context.principal, username)
    return RemovedUser(username=username, secrets=removed)
