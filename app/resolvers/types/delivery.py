"""How secrets reach their servers."""

from typing import Self

import strawberry

from app.domain.delivery import Delivery, SecretBinding
from app.resolvers.enums import describe_enum

describe_enum(
    Delivery,
    "Delivery",
    "The way a secret takes to its server.",
    {
        Delivery.ARGUMENT: "It fills an argument of the server's tools, at every call.",
        Delivery.ENVIRONMENT: "It is a variable of the program; each user who has a value of "
        "their own gets a session of their own.",
        Delivery.HEADER: "It is a header of every request to a server that runs elsewhere.",
        Delivery.QUERY: "It is a query parameter of the address of a server that runs elsewhere.",
        Delivery.FILE: "It is in a private file, whose path is in a variable of the program.",
    },
)


@strawberry.type(name="SecretBinding", description="What a server wants with one secret.")
class SecretBindingType:
    """One declared secret."""

    name: str = strawberry.field(description="The secret's name.")
    delivery: Delivery = strawberry.field(description="The way it takes.")
    target: str = strawberry.field(
        description="The argument, variable, header or query parameter that it fills; for FILE "
        "the variable that gets the file's path."
    )
    template: str = strawberry.field(
        description="What surrounds the value, which stands where `{value}` is."
    )
    required: bool = strawberry.field(
        description="Whether calls for a user without it are refused."
    )
    description: str | None = strawberry.field(description="What it is, for people.")

    @classmethod
    def of(cls, binding: SecretBinding) -> Self:
        """The GraphQL binding."""
        return cls(
            name=binding.name,
            delivery=binding.delivery,
            target=binding.target,
            template=binding.template,
            required=binding.is_required,
            description=binding.description,
        )
