"""Mutations of API tokens."""

from datetime import datetime
from typing import Annotated

import strawberry

from app.domain.api_token import NewToken, unknown_token
from app.domain.principal import Role
from app.resolvers.context import Info
from app.resolvers.inputs import decode_opaque
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from app.resolvers.types.token import TokenType
from app.services.tokens import create_token, revoke_token


@strawberry.input(description="The token to make.")
class CreateTokenInput:
    """The input of createToken."""

    name: str = strawberry.field(description="What it is for, for people.")
    role: Role = strawberry.field(default=Role.USER, description="What its bearer may do.")
    username: str | None = strawberry.field(
        default=None, description="The user that it speaks for; by default its name."
    )
    groups: list[str] = strawberry.field(
        default_factory=list, description="The groups of its bearer, which servers' rules go by."
    )
    act_for: list[str] = strawberry.field(
        default_factory=list,
        description="The users that it may name, for the role SERVICE; `*` stands for any.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends to be good; by default never."
    )

    def wanted(self) -> NewToken:
        """The token as domain data."""
        return NewToken(
            name=self.name,
            role=self.role,
            username=self.name if self.username is None else self.username,
            groups=tuple(self.groups),
            act_for=tuple(self.act_for),
            expires_at=self.expires_at,
        )


@strawberry.input(description="The token to revoke.")
class RevokeTokenInput:
    """The input of revokeToken."""

    id: strawberry.ID = strawberry.field(description="Its id, as `tokens` gives it.")


@strawberry.type(description="A new token.")
class CreatedToken:
    """The success of createToken."""

    token: TokenType = strawberry.field(description="What is stored of it.")
    text: str = strawberry.field(
        description="The token itself, which is told this once and stored nowhere: send it as "
        "`Authorization: Bearer <text>`."
    )


CreateTokenResult = Annotated[
    CreatedToken | InvalidInputError | ForbiddenError | UnavailableError,
    strawberry.union("CreateTokenResult", description="The new token, or why not."),
]
RevokeTokenResult = Annotated[
    TokenType | InvalidInputError | ForbiddenError | NotFoundError | UnavailableError,
    strawberry.union("RevokeTokenResult", description="The token as it is now, or why not."),
]


@strawberry.type
class TokenMutations:
    """The token fields of Mutation."""

    @strawberry.mutation(
        description="Make an API token. Once one was made, every request needs one, unless AUTH "
        "is off. For admins."
    )
    async def create_token(
        self,
        info: Info,
        input: Annotated[CreateTokenInput, strawberry.argument(description="What to make.")],
    ) -> CreateTokenResult:
        """Create."""
        return await outcome(_create(info, input))

    @strawberry.mutation(
        description="Refuse an API token from now on, on every replica. Can be repeated. For "
        "admins."
    )
    async def revoke_token(
        self,
        info: Info,
        input: Annotated[RevokeTokenInput, strawberry.argument(description="Which token.")],
    ) -> RevokeTokenResult:
        """Revoke."""
        return await outcome(_revoke(info, input.id))


async def _create(info: Info, given: CreateTokenInput) -> CreatedToken:
    context = info.context
    token, text = await create_token(context.deps, context.principal, given.wanted())
    return CreatedToken(token=TokenType.of(token), text=text)


async def _revoke(info: Info, node: strawberry.ID) -> TokenType:
    context = info.context
    match decode_opaque(node, "id").split("\0"):
        case ["Token", token_id]:
            return TokenType.of(await revoke_token(context.deps, context.principal, token_id))
    raise unknown_token(node)
