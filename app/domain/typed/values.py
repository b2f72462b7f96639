"""Values between GraphQL and JSON, by their shapes: arguments there, structured content back."""

import math
from collections.abc import Mapping

from app.domain.typed.shapes import (
    EnumShape,
    FieldShape,
    Leaf,
    ListShape,
    ObjectRef,
    Shapes,
    Slot,
    is_int32,
    is_whole,
)

# Up to here a float is the very number that an integer is.
EXACT = 2.0**53
MAX_DEPTH = 200


class Misfit(Exception):
    """A value is not of its shape; `path` says where, as a JSON Pointer."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def to_arguments(shapes: Shapes, given: Mapping[str, object]) -> dict[str, object]:
    """The tool's arguments as JSON, from coerced GraphQL values by their GraphQL names.

    A null where the schema knows none means that the argument is left out; an argument that is left
    out where the schema wants it, and allows null, is null.
    """
    return _object_to_json(shapes, shapes.root.fields, given)


def to_output(shapes: Shapes, value: object) -> dict[str, object]:
    """Structured content by its GraphQL names, with nothing that the shapes do not name.

    Raises:
        Misfit: The server did not send what its output schema says.
    """
    return _to_fields(shapes, shapes.root.fields, value, "")


def _object_to_json(
    shapes: Shapes, fields: Mapping[str, FieldShape], given: Mapping[str, object]
) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, field in fields.items():
        value = given.get(name)
        if value is not None:
            told[field.name] = _to_json(shapes, field.slot, value)
        elif field.slot.is_nullable and (name in given or field.is_required):
            told[field.name] = None
    return told


def _to_json(shapes: Shapes, slot: Slot, value: object) -> object:
    shape = slot.shape
    if isinstance(shape, EnumShape):
        return shape.values.get(value) if isinstance(value, str) else None
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_to_json(shapes, shape.item, item) for item in value]
    if isinstance(shape, ObjectRef) and isinstance(value, dict):
        return _object_to_json(shapes, shapes.objects[shape.key].fields, value)
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value


def _to_fields(
    shapes: Shapes, fields: Mapping[str, FieldShape], value: object, path: str
) -> dict[str, object]:
    if not isinstance(value, dict) or path.count("/") > MAX_DEPTH:
        raise Misfit(path)
    told: dict[str, object] = {}
    for name, field in fields.items():
        where = f"{path}/{field.name}"
        if field.name in value:
            told[name] = _from_json(shapes, field.slot, value[field.name], where)
        elif field.is_required:
            raise Misfit(where)
    return told


def _from_json(shapes: Shapes, slot: Slot, value: object, path: str) -> object:
    if value is None and slot.is_nullable:
        return None
    shape = slot.shape
    if isinstance(shape, ObjectRef):
        return _to_fields(shapes, shapes.objects[shape.key].fields, value, path)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_from_json(shapes, shape.item, v, f"{path}/{i}") for i, v in enumerate(value)]
    if isinstance(shape, EnumShape):
        name = next((n for n, text in shape.values.items() if text == value), None)
        if name is not None:
            return name
    elif isinstance(shape, Leaf) and _is_leaf(shape, value):
        return value
    raise Misfit(path)


def _is_leaf(leaf: Leaf, value: object) -> bool:
    if leaf is Leaf.JSON:
        return value is not None
    if isinstance(value, bool):
        return leaf is Leaf.BOOLEAN
    if leaf is Leaf.INT:
        return is_int32(value)
    if leaf is Leaf.INTEGER:
        return is_whole(value)
    if leaf is Leaf.STRING:
        return isinstance(value, str)
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
