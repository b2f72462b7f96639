"""From a JSON Schema to its shapes; `JSON` stands wherever GraphQL has no words."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import TypeAlias

import orjson

from app.domain.typed.defaults import default_of, is_within
from app.domain.typed.flat_schema import (
    Flat,
    SchemaReader,
    TooIntricateSchema,
    is_open,
    properties_of,
    strings_in,
)
from app.domain.typed.names import MAX_NAME_CHARACTERS, encode_name
from app.domain.typed.shapes import (
    ANYTHING,
    EnumShape,
    FieldShape,
    Leaf,
    ListShape,
    ObjectRef,
    ObjectShape,
    Shape,
    Shapes,
    Slot,
    is_int32,
)

MAX_SCHEMA_BYTES = 256 * 1024
MAX_DEPTH = 12
MAX_ENUM_VALUES = 300
MAX_DESCRIPTION_CHARACTERS = 2_000
ROOT = "#"
# Beside a reference these change nothing that a shape has.
ANNOTATIONS = frozenset({"$ref", "title", "description", "default", "examples", "deprecated"})
LEAVES = {"boolean": Leaf.BOOLEAN, "string": Leaf.STRING, "number": Leaf.FLOAT}


def input_shapes(schema: Mapping[str, object]) -> Shapes | None:
    """The arguments that a tool with this input schema takes.

    None where they cannot be told one by one, or only at too high a price: then they are JSON.
    """
    return _shapes(schema, is_input=True)


def output_shapes(schema: Mapping[str, object]) -> Shapes | None:
    """The structured content that a tool with this output schema gives; None as for arguments."""
    shapes = _shapes(schema, is_input=False)
    return shapes if shapes is not None and shapes.root.fields else None


def _shapes(schema: Mapping[str, object], *, is_input: bool) -> Shapes | None:
    try:
        if len(orjson.dumps(schema)) > MAX_SCHEMA_BYTES:
            return None
        return _Shaper(schema, is_input=is_input).shapes()
    except (TooIntricateSchema, TypeError):  # TypeError: it did not come from JSON
        return None


Identity: TypeAlias = str | int | tuple[object, ...]


class _Shaper:
    """Shapes one schema, going down its properties and references once each."""

    def __init__(self, schema: Mapping[str, object], *, is_input: bool) -> None:
        self._schema = schema
        self._is_input = is_input
        self._reader = SchemaReader(schema)
        self._objects: dict[str, ObjectShape] = {}
        self._known: dict[Identity, Slot] = {}
        self._under_way: set[Identity] = set()
        self._kept: list[object] = []  # what is kept does not give its identity to another
        self._keys = (str(number) for number in count())

    def shapes(self) -> Shapes | None:
        flat = self._reader.flat(self._schema)
        if "object" not in flat.get("type", []) or not self._is_told(flat):
            return None
        key = next(self._keys)
        self._known[ROOT] = Slot(ObjectRef(key))
        self._under_way.add(ROOT)
        fields = self._fields(flat, 1)
        if fields is None:
            return None
        root = ObjectShape("", fields, text_of(flat))
        self._objects[key] = root
        return Shapes(root, self._objects)

    def _is_told(self, flat: Flat) -> bool:
        """Whether the schema names what there may be, if only that there is nothing."""
        if properties_of(flat) or flat.get("additionalProperties") is False:
            return True
        return "properties" in flat and not is_open(flat)

    def _slot(self, schema: object, word: str, level: int) -> Slot:
        """The place of a schema; one that was met before is the same place."""
        if not isinstance(schema, dict):
            return ANYTHING
        which = _identity(schema)
        if which in self._known:
            return self._known[which]
        if which in self._under_way:
            return ANYTHING  # a list of itself, say
        self._under_way.add(which)
        self._kept.append(schema)
        slot = self._known[which] = self._new_slot(schema, word, level, which)
        self._under_way.discard(which)
        return slot

    def _new_slot(self, schema: Flat, word: str, level: int, which: Identity) -> Slot:
        self._reader.spend(1)
        flat = self._reader.flat(schema)
        types = flat.get("type")
        if types is None or level > MAX_DEPTH:
            return ANYTHING
        is_nullable = "null" in types
        kinds = {kind for kind in types if kind != "null"}
        if kinds == {"object"}:
            word = which.rpartition("/")[2] if isinstance(which, str) else word
            return self._object(flat, word, level, which)
        if kinds == {"array"}:
            items = True if "prefixItems" in flat else flat.get("items")
            return Slot(ListShape(self._slot(items, word, level + 1)), is_nullable)
        return Slot(_leaf(flat, kinds, word), is_nullable)

    def _object(self, flat: Flat, word: str, level: int, which: Identity) -> Slot:
        is_nullable = "null" in flat["type"]
        if not properties_of(flat) or (self._is_input and is_open(flat)):
            return Slot(Leaf.JSON, is_nullable)
        key = next(self._keys)
        slot = self._known[which] = Slot(ObjectRef(key), is_nullable)
        fields = self._fields(flat, level + 1)
        if not fields:
            return Slot(Leaf.JSON, is_nullable)
        self._objects[key] = ObjectShape(word, fields, text_of(flat))
        return slot

    def _fields(self, flat: Flat, level: int) -> dict[str, FieldShape] | None:
        """The fields of an object; None where a name is too long."""
        properties = {k: v for k, v in properties_of(flat).items() if v is not False}
        required = strings_in(flat, "required")
        if self._is_input:
            properties |= {name: True for name in required if name not in properties}
        if any(len(name) > MAX_NAME_CHARACTERS for name in properties):
            return None
        fields: dict[str, FieldShape] = {}
        for name, schema in properties.items():
            is_loop = isinstance(schema, dict) and _identity(schema) in self._under_way
            slot = self._slot(schema, name, level)
            field = FieldShape(
                name=name,
                slot=slot,
                is_required=name in required,
                description=text_of(schema),
                is_loop=is_loop,
            )
            fields[encode_name(name)] = self._with_default(field, schema)
        return fields

    def _with_default(self, field: FieldShape, schema: object) -> FieldShape:
        if not self._is_input or not isinstance(schema, dict) or "default" not in schema:
            return field
        if not is_within(schema, schema["default"]):
            return field
        return replace(field, default=default_of(field.slot, schema["default"]))


def text_of(schema: object) -> str | None:
    """The schema's own words for people, cut where they are too long."""
    if not isinstance(schema, dict):
        return None
    for keyword in ("description", "title"):
        text = schema.get(keyword)
        if isinstance(text, str) and text.strip():
            cut = text[:MAX_DESCRIPTION_CHARACTERS]
            return cut if len(cut) == len(text) else f"{cut}…"
    return None


def _identity(schema: Mapping[str, object], level: int = 0) -> Identity:
    """What tells a schema from others: where it refers to, what it combines, or that it is itself.

    Combinations are made anew each time they are met, of parts that are not.
    """
    if schema.keys() <= ANNOTATIONS and isinstance(reference := schema.get("$ref"), str):
        return reference
    if len(schema) == 1 and level < MAX_DEPTH:
        ((keyword, parts),) = schema.items()
        if keyword in {"allOf", "anyOf"} and isinstance(parts, list):
            return (keyword, *(_part_identity(part, level + 1) for part in parts))
    return id(schema)


def _part_identity(part: object, level: int) -> Identity:
    return _identity(part, level) if isinstance(part, dict) else repr(part)


def _leaf(flat: Flat, kinds: set[str], word: str) -> Shape:
    if kinds == {"string"}:
        return _enum(flat, word) or Leaf.STRING
    if kinds == {"integer"}:
        return Leaf.INT if _fits_int(flat) else Leaf.INTEGER
    if kinds == {"integer", "number"}:
        return Leaf.FLOAT
    return LEAVES.get(next(iter(kinds)), Leaf.JSON) if len(kinds) == 1 else Leaf.JSON


def _fits_int(flat: Flat) -> bool:
    """Whether GraphQL's Int, which has 32 bits, holds every value."""
    values = flat.get("enum")
    if values is not None:
        return all(value is None or is_int32(value) for value in values)
    if flat.get("format") == "int32":
        return True
    bounds = [
        next((flat[k] for k in keywords if isinstance(flat.get(k), int)), None)
        for keywords in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
    ]
    return all(is_int32(bound) for bound in bounds)


def _enum(flat: Flat, word: str) -> EnumShape | None:
    values = flat.get("enum")
    texts = [*dict.fromkeys(v for v in values if isinstance(v, str))] if values else []
    is_short = all(len(text) <= MAX_NAME_CHARACTERS for text in texts)
    if not 0 < len(texts) <= MAX_ENUM_VALUES or not is_short:
        return None
    titles = flat.get("x-titles")
    told = titles if isinstance(titles, dict) else {}
    return EnumShape(
        word,
        {encode_name(text): text for text in texts},
        {encode_name(t): told[t] for t in texts if isinstance(told.get(t), str)},
    )
