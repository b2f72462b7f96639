"""Short ways: how a plain attribute or method of a leaf type is read and completed at once."""

import math
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLString,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import Undefined
from strawberry.types.field import StrawberryField

Short = Callable[[Any], Any]

# What a short way answers when the long one has to be gone.
LONG = object()
_SHORTEST_INT, _LONGEST_INT = -(2**31), 2**31 - 1
# Values that are surely neither awaitable, callable nor an error.
_PLAIN = (str, int, float, bool, dict, list, tuple, datetime, Enum)

# Values of these types, where they are of these classes, are part of the answer as they are.
_AS_IT_IS = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}

# Where a field keeps its short way.
_SHORT_WAY = "mcp-api-short-way"


def short_way_of(field: GraphQLField) -> Short | None:
    """The field's short way, made once; None for one that has to go the long one."""
    if _SHORT_WAY not in field.extensions:
        field.extensions[_SHORT_WAY] = _make_short_way(field)
    short: Short | None = field.extensions[_SHORT_WAY]
    return short


def _make_short_way(field: GraphQLField) -> Short | None:
    """The short way of a field that takes nothing but its object; None for any other."""
    read = _reading(field)
    if read is None:
        return None
    nothing = LONG if is_non_null_type(field.type) else None
    kind: Any = get_nullable_type(field.type)
    if kind in _AS_IT_IS:
        return _plain(read, _AS_IT_IS[kind], nothing)
    complete = _completion(kind)
    return None if complete is None else _completed(read, complete, nothing)


def _reading(field: GraphQLField) -> Short | None:
    """How the field's value is got from its object: an attribute, or a plain method."""
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or field.args or definition.extensions:
        return None
    own = definition.base_resolver
    if own is None:
        is_plain = getattr(field.resolve, "_is_default", False) and definition.is_basic_field
        is_plain = is_plain and definition.default_resolver is getattr
        return attrgetter(definition.python_name) if is_plain else None
    is_method = own.self_parameter is not None and not own.is_async
    method: Any = own.wrapped_func
    return method if is_method and len(own.signature.parameters) == 1 else None


def _plain(read: Short, kind: type, nothing: object) -> Short:
    def complete(source: Any) -> Any:
        try:
            value = read(source)
        except Exception:  # noqa: BLE001 - the long way meets it again, and reports it
            return LONG
        if type(value) is kind:
            return value
        return nothing if value is None else LONG

    return complete


def _completed(read: Short, complete: Short, nothing: object) -> Short:
    def completed(source: Any) -> Any:
        try:
            value = read(source)
            return nothing if value is None else complete(value)
        except Exception:  # noqa: BLE001 - the long way meets it again, and reports it
            return LONG

    return completed


def _completion(kind: Any) -> Short | None:
    """How a value of the type becomes part of the answer, if that is simple."""
    if is_list_type(kind):
        item = kind.of_type
        is_texts = is_non_null_type(item) and item.of_type is GraphQLString
        return _complete_texts if is_texts else None
    if kind is GraphQLInt:
        return _complete_int
    if kind is GraphQLFloat:
        return lambda value: value if type(value) is float and math.isfinite(value) else LONG
    if is_leaf_type(kind):
        return _other_leaf(kind)
    return None


def _complete_texts(value: Any) -> Any:
    is_plain = type(value) is list and all(type(item) is str for item in value)
    return [*value] if is_plain else LONG


def _complete_int(value: Any) -> Any:
    is_int = type(value) is int and _SHORTEST_INT <= value <= _LONGEST_INT
    return value if is_int else LONG


def _other_leaf(kind: Any) -> Short:
    coerce = kind.coerce_output_value
    is_enum = isinstance(kind, GraphQLEnumType)
    names: dict[Any, Any] = {}

    def complete(value: Any) -> Any:
        if is_enum and isinstance(value, Enum):
            name = names.get(value)
            if name is None:
                name = names[value] = coerce(value)
            return name
        if not isinstance(value, _PLAIN):
            return LONG
        coerced = coerce(value)
        return LONG if coerced is None or coerced is Undefined else coerced

    return complete
