"""The caller."""

from typing import Self

import strawberry

from app.domain.principal import Principal


@strawberry.type(description="Who is calling, and for whom they may act.")
class Viewer:
    """The caller of this request."""

    username: str = strawberry.field(description="The user whose secrets are used by default.")
    may_act_for_anyone: bool = strawberry.field(
        description="Whether `username` arguments may name other users."
    )

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """The GraphQL viewer."""
        return cls(username=principal.subject, may_act_for_anyone=principal.may_act_for_anyone)
