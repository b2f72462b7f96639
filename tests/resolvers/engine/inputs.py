"""Inputs that the tests of quick values and of quick resolvers share."""

from enum import StrEnum

import strawberry
from strawberry.scalars import JSON


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


strawberry.enum(Colour)


@strawberry.input
class Inner:
    """An input that may hold another of its kind."""

    text: str
    colour: Colour | None
    inner: "Inner | None" = None
    free: JSON | None = strawberry.field(default_factory=lambda: JSON({"by": "default"}))
