"""The input that declares a server's secret."""

from collections.abc import Sequence

import strawberry

from app.domain.delivery import VALUE, Delivery, SecretBinding
from app.resolvers.types import delivery as _described  # noqa: F401 - makes the enum known

SECRETS = "The secrets it wants of each user; others that a user has set are arguments."


@strawberry.input(description="What a server wants with one secret.")
class SecretBindingInput:
    """One secret to declare."""

    name: str = strawberry.field(description="The secret's name.")
    delivery: Delivery = strawberry.field(
        default=Delivery.ARGUMENT, description="The way it takes to the server."
    )
    target: str | None = strawberry.field(
        default=None,
        description="The argument, variable, header or query parameter that it fills; for FILE "
        "the variable that gets the file's path. By default its name.",
    )
    template: str = strawberry.field(
        default=VALUE,
        description="What surrounds the value, such as `Bearer {value}`; not for ARGUMENT and "
        "FILE.",
    )
    required: bool = strawberry.field(
        default=False, description="Whether calls for a user without it are refused."
    )
    description: str | None = strawberry.field(default=None, description="What it is, for people.")

    def binding(self) -> SecretBinding:
        """The binding as domain data."""
        return SecretBinding(
            name=self.name,
            delivery=self.delivery,
            target=self.name if self.target is None else self.target,
            template=self.template,
            is_required=self.required,
            description=self.description,
        )


def bindings_of(given: Sequence[SecretBindingInput]) -> tuple[SecretBinding, ...]:
    """The bindings as domain data."""
    return tuple(entry.binding() for entry in given)
