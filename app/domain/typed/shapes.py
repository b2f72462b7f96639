"""Shapes: what GraphQL can say of a JSON Schema, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from app.domain.unset import UNSET, Unset


class Leaf(StrEnum):
    """A value without parts; `JSON` is any value that nothing more can be said of."""

    BOOLEAN = "Boolean"
    FLOAT = "Float"
    INT = "Int"
    INTEGER = "Integer"
    JSON = "JSON"
    STRING = "String"


@dataclass(frozen=True, slots=True)
class EnumShape:
    """One of several strings. `values` are the strings by their GraphQL names."""

    word: str
    values: Mapping[str, str]
    descriptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list of such items."""

    item: "Slot"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object, by its key in `Shapes.objects`: objects may refer to themselves."""

    key: str


Shape: TypeAlias = Leaf | EnumShape | ListShape | ObjectRef


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value, and whether null may stand there."""

    shape: Shape
    is_nullable: bool = False


ANYTHING = Slot(Leaf.JSON, is_nullable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """A property. `name` is the one in JSON; `default` is UNSET where GraphQL has to say none.

    A back reference `is_loop`: for GraphQL it must be possible to leave it out.
    """

    name: str
    slot: Slot
    is_required: bool
    description: str | None = None
    default: object | Unset = UNSET
    is_loop: bool = False


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """An object's fields by their GraphQL names."""

    word: str
    fields: Mapping[str, FieldShape]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shape of one schema: its root object, and every other object it refers to."""

    root: ObjectShape
    objects: Mapping[str, ObjectShape]


def is_int32(value: object) -> bool:
    """Whether GraphQL's Int can say the value (GraphQL spec, October 2021, section 3.5.1)."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31


def is_whole(value: object) -> bool:
    """Whether the value is a whole number of up to 64 bits; `5.0` is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -(2**63) <= value < 2**64 and value == int(value)
