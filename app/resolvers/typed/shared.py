"""What every typed schema has in common, taken from the main schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    IntValueNode,
    ValueNode,
    get_named_type,
)

from app.domain.typed.shapes import Leaf, is_whole

RESULT = "ToolResult"
MAX_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Shared:
    """Scalars by leaf, and the types of results.

    `result` is what tools without a usable output schema answer; `more` are types that only an
    interface among its fields leads to.
    """

    leaves: Mapping[Leaf, GraphQLScalarType]
    interface: GraphQLInterfaceType
    result: GraphQLObjectType
    more: tuple[GraphQLObjectType, ...]

    @property
    def json(self) -> GraphQLScalarType:
        """Any JSON value."""
        return self.leaves[Leaf.JSON]

    @classmethod
    def of(cls, main: GraphQLSchema) -> Self:
        """Taken from the main schema: a result has the same fields everywhere."""
        json, result = main.get_type("JSON"), main.get_type(RESULT)
        if not isinstance(json, GraphQLScalarType) or not isinstance(result, GraphQLObjectType):
            raise TypeError(f"the main schema has no JSON or no {RESULT}")
        interface = GraphQLInterfaceType(
            "CallResult", result.fields, description="What any tool answered."
        )
        own = GraphQLObjectType(
            RESULT, result.fields, interfaces=[interface], description=result.description
        )
        leaves = {
            Leaf.BOOLEAN: GraphQLBoolean,
            Leaf.FLOAT: GraphQLFloat,
            Leaf.INT: GraphQLInt,
            Leaf.INTEGER: _integer(),
            Leaf.JSON: json,
            Leaf.STRING: GraphQLString,
        }
        return cls(leaves, interface, own, _implementations(main, result))

    def typed_result(self, name: str, output: GraphQLField, description: str) -> GraphQLObjectType:
        """The result of a tool whose structured content has a type."""
        fields = {**self.result.fields, "structured": output}
        return GraphQLObjectType(name, fields, interfaces=[self.interface], description=description)


def _implementations(
    main: GraphQLSchema, result: GraphQLObjectType
) -> tuple[GraphQLObjectType, ...]:
    kinds = (get_named_type(field.type) for field in result.fields.values())
    interfaces = [kind for kind in kinds if isinstance(kind, GraphQLInterfaceType)]
    return tuple(t for kind in interfaces for t in main.get_implementations(kind).objects)


def _integer() -> GraphQLScalarType:
    return GraphQLScalarType(
        "Integer",
        serialize=_whole,
        parse_value=_whole,
        parse_literal=_whole_literal,
        description="A whole number of up to 64 bits. GraphQL's Int ends at 32; identifiers and "
        "timestamps of tools do not.",
    )


def _whole(value: object) -> int:
    if isinstance(value, int | float) and is_whole(value):
        return int(value)
    raise GraphQLError("Integer must be a whole number of up to 64 bits.")


def _whole_literal(node: ValueNode, _variables: object = None) -> int:
    is_short = isinstance(node, IntValueNode) and len(node.value) <= MAX_DIGITS
    return _whole(int(node.value) if isinstance(node, IntValueNode) and is_short else None)
