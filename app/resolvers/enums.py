"""Enums of the domain in GraphQL, with a description for every value."""

from collections.abc import Mapping
from enum import EnumMeta
from typing import Any, TypeVar

import strawberry
from strawberry.types.enum import has_enum_definition

E = TypeVar("E", bound=EnumMeta)


def describe_enum(kind: E, name: str, description: str, values: Mapping[Any, str]) -> None:
    """Make an enum known to the schema; `values` describes each of its members.

    The domain's enums know nothing of GraphQL, so they are described from outside.
    """
    strawberry.enum(kind, name=name, description=description)
    if not has_enum_definition(kind):
        raise TypeError(f"{name} is no enum")
    for entry in kind.__strawberry_definition__.values:
        entry.description = values.get(entry.value)
