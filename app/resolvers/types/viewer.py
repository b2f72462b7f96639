"""The caller."""

from datetime import datetime
from typing import Self

import strawberry

from app.domain.policy import Action
from app.domain.principal import CredentialKind, Role
from app.resolvers.enums import describe_enum
from app.resolvers.types import token as _described  # noqa: F401 - makes the enum Role known
from app.resolvers.types.action_meanings import ACTION_MEANINGS
from app.services.viewer import CallerView

describe_enum(
    CredentialKind,
    "CredentialKind",
    "What a caller has proved who they are with.",
    {
        CredentialKind.NONE: "Nothing: this service does not ask.",
        CredentialKind.TOKEN: "An API token of this service.",
        CredentialKind.ADMIN_TOKEN: "The token in the setting ADMIN_TOKEN.",
        CredentialKind.OIDC: "A token of the identity provider.",
    },
)
describe_enum(
    Action,
    "Action",
    "An operation, whichever door it is asked for at. What belongs to other users, or "
    "to a server that is not for everybody, is decided anew each time.",
    ACTION_MEANINGS,
)


@strawberry.type(description="Who is calling, what they may do, and for whom.")
class Viewer:
    """The caller of this request."""

    username: str = strawberry.field(description="The user whose secrets are used by default.")
    roles: list[Role] = strawberry.field(description="What the caller is.")
    groups: list[str] = strawberry.field(description="The groups that servers' rules go by.")
    act_for: list[str] = strawberry.field(
        description="The users whom a service may act for; `*` stands for any."
    )
    may_act_for_anyone: bool = strawberry.field(
        description="Whether `username` arguments may name other users."
    )
    actions: list[Action] = strawberry.field(description="The operations that the roles include.")
    credential: CredentialKind = strawberry.field(
        description="What the caller has proved who they are with."
    )
    credential_name: str | None = strawberry.field(
        description="The token's name, or the identity provider."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the caller must come with another token; null for never."
    )

    @classmethod
    def of(cls, view: CallerView) -> Self:
        """The GraphQL viewer."""
        caller = view.caller
        return cls(
            username=caller.subject,
            roles=sorted(caller.roles),
            groups=sorted(caller.groups),
            act_for=sorted(caller.act_for),
            may_act_for_anyone=caller.may_act_for_anyone,
            actions=[*view.actions],
            credential=caller.credential.kind,
            credential_name=caller.credential.name,
            expires_at=caller.expires_at,
        )
