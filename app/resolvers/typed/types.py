"""The GraphQL types of one tool's shapes."""

from collections.abc import Mapping
from typing import TypeVar

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLNullableInputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    Undefined,
)

from app.domain.typed.names import type_words
from app.domain.typed.shapes import (
    EnumShape,
    FieldShape,
    Leaf,
    ListShape,
    ObjectRef,
    ObjectShape,
    Shapes,
    Slot,
)
from app.domain.unset import UNSET

T = TypeVar("T")


class ToolTypes:
    """Makes types, all of whose names begin with the tool's own."""

    def __init__(self, prefix: str, leaves: Mapping[Leaf, GraphQLScalarType]) -> None:
        self._prefix = prefix
        self._leaves = leaves
        self._taken = {self.name("Result"), self.name("Output")}
        self._enums: dict[int, GraphQLEnumType] = {}

    def name(self, word: str) -> str:
        """The name of a type of this tool."""
        return f"{self._prefix}_{word}"

    def arguments(self, shapes: Shapes) -> dict[str, GraphQLArgument]:
        """An argument for each field of the root."""
        inputs = _Inputs(self, shapes)
        return {
            name: GraphQLArgument(
                inputs.field_type(field), _default(field), about(name, field)
            )
            for name, field in shapes.root.fields.items()
        }  # fmt: skip

    def output(self, shapes: Shapes) -> GraphQLObjectType:
        """The type of the structured content."""
        return _Outputs(self, shapes).root()

    def leaf(self, shape: Leaf) -> GraphQLScalarType:
        """A scalar."""
        return self._leaves[shape]

    def enum(self, shape: EnumShape) -> GraphQLEnumType:
        """The enum of that shape, made once."""
        known = self._enums.get(id(shape))
        if known is None:
            values = {
                name: GraphQLEnumValue(name, described(name, text, shape.descriptions.get(name)))
                for name, text in shape.values.items()
            }
            known = GraphQLEnumType(self.new_name(shape.word), values)
            self._enums[id(shape)] = known
        return known

    def new_name(self, text: str, ending: str = "") -> str:
        """A name that no other type of this tool has."""
        word, number = type_words([text])[text], 1
        name = self.name(f"{word}{ending}")
        while name in self._taken:
            number += 1
            name = self.name(f"{word}{number}{ending}")
        self._taken.add(name)
        return name


class _Inputs:
    """Input types of one schema."""

    def __init__(self, types: ToolTypes, shapes: Shapes) -> None:
        self._types = types
        self._shapes = shapes
        self._objects: dict[str, GraphQLInputObjectType] = {}

    def field_type(self, field: FieldShape) -> GraphQLInputType:
        """Non-null where a value has to be given, or has a default and may not be null."""
        kind = self._type(field.slot)
        is_anything = field.slot.shape is Leaf.JSON
        if field.is_loop or (field.slot.is_nullable and not is_anything):
            return kind
        has_default = field.default is not UNSET
        return GraphQLNonNull(kind) if field.is_required or has_default else kind

    def _type(self, slot: Slot) -> GraphQLNullableInputType:
        shape = slot.shape
        if isinstance(shape, ListShape):
            item = self._type(shape.item)
            return GraphQLList(item if shape.item.is_nullable else GraphQLNonNull(item))
        if isinstance(shape, EnumShape):
            return self._types.enum(shape)
        return self._object(shape.key) if isinstance(shape, ObjectRef) else self._types.leaf(shape)

    def _object(self, key: str) -> GraphQLInputObjectType:
        known = self._objects.get(key)
        if known is not None:
            return known
        shape = self._shapes.objects[key]
        made = GraphQLInputObjectType(
            self._types.new_name(shape.word or "arguments", "Input"),
            fields=lambda: fields,
            description=shape.description,
        )
        self._objects[key] = made
        fields = {
            name: GraphQLInputField(
                self.field_type(field), _default(field), about(name, field)
            )
            for name, field in shape.fields.items()
        }  # fmt: skip
        return made


class _Outputs:
    """Output types of one schema."""

    def __init__(self, types: ToolTypes, shapes: Shapes) -> None:
        self._types = types
        self._shapes = shapes
        self._objects: dict[str, GraphQLObjectType] = {}

    def root(self) -> GraphQLObjectType:
        """The type of the root, which others may refer to."""
        key = next(key for key, shape in self._shapes.objects.items() if shape is self._shapes.root)
        return self._make(key, self._shapes.root, self._types.name("Output"))

    def _type(self, slot: Slot, *, is_there: bool) -> GraphQLOutputType:
        shape = slot.shape
        kind: GraphQLOutputType
        if isinstance(shape, ListShape):
            kind = GraphQLList(self._type(shape.item, is_there=True))
        elif isinstance(shape, EnumShape):
            kind = self._types.enum(shape)
        elif isinstance(shape, ObjectRef):
            kind = self._object(shape.key)
        else:
            kind = self._types.leaf(shape)
        return GraphQLNonNull(kind) if is_there and not slot.is_nullable else kind

    def _object(self, key: str) -> GraphQLObjectType:
        known = self._objects.get(key)
        if known is not None:
            return known
        shape = self._shapes.objects[key]
        return self._make(key, shape, self._types.new_name(shape.word))

    def _make(self, key: str, shape: ObjectShape, name: str) -> GraphQLObjectType:
        made = GraphQLObjectType(name, fields=lambda: fields, description=shape.description)
        self._objects[key] = made
        fields = {
            name: GraphQLField(
                self._type(field.slot, is_there=field.is_required),
                description=about(name, field),
            )
            for name, field in shape.fields.items()
        }
        return made


def described(name: str, original: str, description: str | None) -> str | None:
    """The description; it also tells a name that GraphQL could not take as it is."""
    if name == original:
        return description
    return f"`{original}`" if description is None else f"`{original}`: {description}"


def about(name: str, field: FieldShape) -> str | None:
    """The field's description, with its original name."""
    return described(name, field.name, field.description)


def _default(field: FieldShape) -> object:
    return Undefined if field.default is UNSET else field.default
