"""Which object type a value is completed as, where its class alone tells that.

Strawberry looks through the types of a union for every value. What it would have to look at more
closely, such as a generic type or an object that was cast, goes its way.
"""

from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
    is_abstract_type,
    is_object_type,
)
from graphql.pyutils import Undefined
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.union import StrawberryUnion

_DEFINITION = "strawberry-definition"
# Where a schema keeps what has been found out.
_KNOWN = "mcp-api-object-types"


class ObjectTypes(dict[tuple[Any, type], GraphQLObjectType | None]):
    """The object types of one schema, by declared type and class, found out when asked for.

    None where each value has to be looked at.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self._schema = schema

    def __missing__(self, key: tuple[Any, type]) -> GraphQLObjectType | None:
        found = self[key] = _object_type_of(self._schema, *key)
        return found


def object_types_of(schema: GraphQLSchema) -> ObjectTypes:
    """Those of the schema, which keeps them."""
    if _KNOWN not in schema.extensions:
        schema.extensions[_KNOWN] = ObjectTypes(schema)
    known: ObjectTypes = schema.extensions[_KNOWN]
    return known


def _object_type_of(schema: GraphQLSchema, declared: Any, kind: type) -> GraphQLObjectType | None:
    declared = get_nullable_type(declared)
    if kind in (type(None), type(Undefined)) or issubclass(kind, Exception):
        return None
    if is_object_type(declared) and declared.is_type_of is None:
        return declared
    definition = getattr(kind, "__strawberry_definition__", None)
    if not isinstance(definition, StrawberryObjectDefinition) or definition.is_graphql_generic:
        return None
    if is_abstract_type(declared):
        is_plain = _is_resolved_by_class(declared.extensions.get(_DEFINITION), kind)
        possible = schema.get_possible_types(declared) if is_plain else ()
    else:
        possible = [declared] if is_object_type(declared) else ()
    return next((t for t in possible if _is_made_of(t, definition)), None)


def _is_resolved_by_class(definition: object, kind: type) -> bool:
    """Whether Strawberry tells the types of a union's or interface's values by their class."""
    if isinstance(definition, StrawberryUnion):
        return True
    if not isinstance(definition, StrawberryObjectDefinition):
        return False
    return definition.resolve_type is None and issubclass(kind, definition.origin)


def _is_made_of(kind: GraphQLObjectType, definition: StrawberryObjectDefinition) -> bool:
    return kind.extensions.get(_DEFINITION) is definition and definition.is_type_of is None
