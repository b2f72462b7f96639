"""What a call would carry."""

from datetime import datetime
from typing import Self

import strawberry

from app.domain.delivery import Delivery
from app.resolvers.types import delivery as _described  # noqa: F401 - makes the enum known
from app.services.preflight import PlannedSecret, Preflight


@strawberry.type(name="PlannedSecret", description="A secret of a server, as it stands for a user.")
class PlannedSecretType:
    """One secret, set or not."""

    name: str = strawberry.field(description="Its name.")
    delivery: Delivery = strawberry.field(description="The way it takes.")
    target: str = strawberry.field(
        description="The argument, variable, header or query parameter that it fills."
    )
    required: bool = strawberry.field(description="Whether calls without it are refused.")
    declared: bool = strawberry.field(
        description="Whether the server declares it; one that is not is an argument."
    )
    description: str | None = strawberry.field(description="What it is, for people.")
    is_set: bool = strawberry.field(description="Whether there is a value for this user.")
    shared: bool = strawberry.field(
        description="Whether that value is the one that all users share."
    )
    set_at: datetime | None = strawberry.field(description="When the value was last set.")
    last_used_at: datetime | None = strawberry.field(
        description="When a call last carried it, to within a minute; null for never."
    )

    @classmethod
    def of(cls, planned: PlannedSecret) -> Self:
        """The GraphQL planned secret."""
        binding, stored = planned.binding, planned.stored
        return cls(
            name=binding.name,
            delivery=binding.delivery,
            target=binding.target,
            required=binding.is_required,
            declared=planned.is_declared,
            description=binding.description,
            is_set=stored is not None,
            shared=planned.is_shared,
            set_at=planned.set_at,
            last_used_at=None if stored is None else stored.last_used_at,
        )


@strawberry.type(
    name="SecretPreflight", description="What a call for a user would carry to a server, and lack."
)
class SecretPreflightType:
    """The answer of secretPreflight; never a value."""

    server_name: str = strawberry.field(description="The server.")
    username: str = strawberry.field(description="The user.")
    missing: list[str] = strawberry.field(
        description="The required secrets without a value; while there are any, calls are refused."
    )
    secrets: list[PlannedSecretType] = strawberry.field(
        description="The declared ones in the server's order, then the user's others by name."
    )

    @classmethod
    def of(cls, preflight: Preflight) -> Self:
        """The GraphQL preflight."""
        return cls(
            server_name=preflight.server_name,
            username=preflight.username,
            missing=[*preflight.missing],
            secrets=[PlannedSecretType.of(planned) for planned in preflight.secrets],
        )
