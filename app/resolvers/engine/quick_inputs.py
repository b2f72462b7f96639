"""Quick inputs: how values of one input type are coerced, found out once for all of them.

graphql-core looks at the type again for every value. What is refused, and what is given in an
unusual way, goes its long way, which also says what is wrong; a test compares both.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLInputObjectType,
    GraphQLString,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import Undefined
from graphql.type import is_input_object_type, is_required_input_field
from graphql.utilities.coerce_input_value import coerce_default_value

from app.resolvers.engine.short_way import LONG

# Takes a value and how deep it is inside of its variable.
Coerce = Callable[[Any, int], Any]

# Values of these types, where they are of these classes, are taken as they are.
_AS_IT_IS: Mapping[Any, type] = {GraphQLString: str, GraphQLBoolean: bool}
# A field's names in GraphQL and in Python, the class of values that are taken as they are, the
# coercion of all others, and the default.
_Field = tuple[str, str, type | None, Coerce, Any]

# graphql-core refuses what is nested 200 levels deep.
_DEEPEST = 50

# Where an input type keeps its quick way.
_QUICK = "mcp-api-quick-input"


def quick_input_of(kind: Any) -> Coerce:
    """The coercion of values of that type; it answers LONG where the long way has to be gone."""
    nothing = LONG if is_non_null_type(kind) else None
    kind = get_nullable_type(kind)
    if is_list_type(kind):
        return _list(quick_input_of(kind.of_type), nothing)
    if is_input_object_type(kind):
        is_plain = not kind.is_one_of and kind.out_type is GraphQLInputObjectType.out_type
        return _object(kind, nothing) if is_plain else _never
    own = _AS_IT_IS.get(kind)
    return _leaf(kind, nothing) if own is None else _as_it_is(own, nothing)


def quick_default_of(given: Any) -> Any:
    """The default of an argument or input field: Undefined without one, LONG if that is wrong."""
    try:
        return coerce_default_value(given)
    except TypeError:
        return LONG


def _never(_value: Any, _depth: int) -> Any:
    return LONG


def _as_it_is(kind: type, nothing: object) -> Coerce:
    def coerce(value: Any, _depth: int) -> Any:
        if type(value) is kind:
            return value
        return nothing if value is None else LONG

    return coerce


def _leaf(kind: Any, nothing: object) -> Coerce:
    coerce_leaf = kind.coerce_input_value

    def coerce(value: Any, _depth: int) -> Any:
        if value is None:
            return nothing
        try:
            coerced = coerce_leaf(value)
        except Exception:  # noqa: BLE001 - the long way meets it again, and reports it
            return LONG
        return LONG if coerced is Undefined else coerced

    return coerce


def _list(coerce_item: Coerce, nothing: object) -> Coerce:
    def coerce(value: Any, depth: int) -> Any:
        if type(value) is not list or depth > _DEEPEST:
            return nothing if value is None else LONG
        items: list[Any] = []
        for item in value:
            coerced = coerce_item(item, depth + 1)
            if coerced is LONG:
                return LONG
            items.append(coerced)
        return items

    return coerce


def _object(kind: GraphQLInputObjectType, nothing: object) -> Coerce:
    steps = kind.extensions.setdefault(_QUICK, [])

    def coerce(value: Any, depth: int) -> Any:
        if type(value) is not dict or depth > _DEEPEST:
            return nothing if value is None else LONG
        if not steps:  # not before it is needed: an input may hold another of its kind
            steps[:] = _fields_of(kind)
        coerced: dict[str, Any] = {}
        found = 0
        for name, out_name, as_it_is, coerce_field, default in steps:
            if name in value:
                found += 1
                field_value = value[name]
                if type(field_value) is not as_it_is:
                    field_value = coerce_field(field_value, depth + 1)
            else:
                field_value = default
            if field_value is LONG:
                return LONG
            if field_value is not Undefined:
                coerced[out_name] = field_value
        return coerced if found == len(value) else LONG

    return coerce


def _fields_of(kind: GraphQLInputObjectType) -> list[_Field]:
    return [
        (
            name,
            field.out_name or name,
            _AS_IT_IS.get(get_nullable_type(field.type)),
            quick_input_of(field.type),
            LONG if is_required_input_field(field) else quick_default_of(field),
        )
        for name, field in kind.fields.items()
    ]
