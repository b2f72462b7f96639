"""API tokens, without their texts."""

from datetime import datetime
from typing import Self

import strawberry

from app.domain.api_token import ApiToken
from app.domain.principal import Role
from app.resolvers.enums import describe_enum
from app.resolvers.types.node import Node, node_id

describe_enum(
    Role,
    "Role",
    "What a caller may do.",
    {
        Role.ADMIN: "Everything, for every user: packages, servers, secrets, keys and tokens.",
        Role.OPERATOR: "Packages and servers, and what a user may; nothing of other users.",
        Role.USER: "Their own secrets, and calls of the tools that are open to them.",
        Role.SERVICE: "What a user may, for the users whom it may act for.",
    },
)


@strawberry.type(name="Token", description="An API token. Its text cannot be read back.")
class TokenType(Node):
    """One token without its text."""

    name: str = strawberry.field(description="What it is for, for people.")
    role: Role = strawberry.field(description="What its bearer may do.")
    username: str = strawberry.field(description="The user that it speaks for.")
    groups: list[str] = strawberry.field(description="The groups of its bearer.")
    act_for: list[str] = strawberry.field(
        description="The users that a service may name; `*` stands for any."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: str = strawberry.field(description="Who made it.")
    expires_at: datetime | None = strawberry.field(
        description="When it ends to be good; null for never."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to within a minute; null for never."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When it was revoked; null for not yet."
    )

    @classmethod
    def of(cls, token: ApiToken) -> Self:
        """The GraphQL token."""
        grant = token.grant
        return cls(
            id=node_id("Token", token.id),
            name=grant.name,
            role=grant.role,
            username=grant.username,
            groups=[*grant.groups],
            act_for=[*grant.act_for],
            created_at=token.created_at,
            created_by=token.created_by,
            expires_at=grant.expires_at,
            last_used_at=token.last_used_at,
            revoked_at=token.revoked_at,
        )
