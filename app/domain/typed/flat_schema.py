"""JSON Schemas without `$ref`, `allOf`, `anyOf` and `oneOf`: flat, and never narrower than before.

A flat schema accepts every value that the original does, and perhaps more: it only says how a value
is written. Whether a value is right is checked against the original, where the tool is called.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.domain.schema_cost import find_pointer

Flat = dict[str, Any]

REFERRING = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
NOT_FLAT = REFERRING | {"const", "$defs", "definitions"}
MAX_PARTS = 2_000
MAX_LEVELS = 16


class TooIntricateSchema(Exception):
    """Reading the schema would take more steps than it may."""


class SchemaReader:
    """Reads parts of one schema, in a bounded number of steps."""

    def __init__(self, root: Mapping[str, object], most: int = MAX_PARTS) -> None:
        self._root = root
        self._left = most

    def spend(self, steps: int) -> None:
        """Count steps. Raises TooIntricateSchema when there were too many."""
        self._left -= steps
        if self._left < 0:
            raise TooIntricateSchema

    def flat(self, schema: object, level: int = 0) -> Flat:
        """The schema made flat, its `type` a list; `{}` where nothing can be said."""
        self.spend(1)
        if not isinstance(schema, dict) or level > MAX_LEVELS:
            return {}
        self._spend_on(schema)
        flat = {key: value for key, value in schema.items() if key not in NOT_FLAT}
        if "const" in schema:
            flat["enum"] = [schema["const"]]
        if not _is_of_leaves(flat.get("enum")):
            flat.pop("enum", None)
        flat = _typed(flat)
        if schema.keys().isdisjoint(REFERRING):
            return flat
        for part in self._parts(schema, level + 1):
            flat = _both(flat, part)
        return flat

    def _parts(self, schema: Mapping[str, object], level: int) -> list[Flat]:
        parts: list[Flat] = []
        reference = schema.get("$ref")
        if isinstance(reference, str):
            parts.append(self.flat(find_pointer(self._root, reference), level))
        parts += [self.flat(part, level) for part in self._list(schema, "allOf")]
        for keyword in ("anyOf", "oneOf"):
            ways = [self.flat(way, level) for way in self._list(schema, keyword)]
            if ways:
                parts.append(_any(ways))
        return parts

    def _list(self, schema: Mapping[str, object], keyword: str) -> Sequence[object]:
        given = schema.get(keyword)
        parts = given if isinstance(given, list) else []
        self.spend(len(parts))
        return parts

    def _spend_on(self, schema: Mapping[str, object]) -> None:
        for keyword in ("properties", "enum", "required"):
            given = schema.get(keyword)
            self.spend(len(given) if isinstance(given, dict | list) else 0)


def strings_in(schema: Mapping[str, object], keyword: str) -> list[str]:
    """The strings in a list such as `required`; none where there is no list."""
    given = schema.get(keyword)
    return [name for name in given if isinstance(name, str)] if isinstance(given, list) else []


def properties_of(schema: Mapping[str, object]) -> Mapping[str, object]:
    """The schema's properties; none where it has no object of them."""
    given = schema.get("properties")
    return given if isinstance(given, dict) else {}


def is_open(schema: Mapping[str, object]) -> bool:
    """Whether the schema says that there may be properties it does not name."""
    more = schema.get("additionalProperties")
    return more is True or isinstance(more, dict) or bool(schema.get("patternProperties"))


def _is_of_leaves(values: object) -> bool:
    return isinstance(values, list) and not any(isinstance(v, dict | list) for v in values)


def _typed(schema: Flat) -> Flat:
    """The schema with its types as a list, told by its other keywords where it has none."""
    given = schema.pop("type", None)
    types = [given] if isinstance(given, str) else given if isinstance(given, list) else None
    if types is None:
        types = _implied(schema)
    if types is not None:
        types = [kind for kind in types if isinstance(kind, str)]
        more = ["null"] if schema.get("nullable") is True and "null" not in types else []
        schema["type"] = [*types, *more]
    return schema


def _implied(schema: Flat) -> list[str] | None:
    values = schema.get("enum")
    if isinstance(values, list):
        return [*dict.fromkeys(_type_of(value) for value in values)]
    if isinstance(schema.get("properties"), dict):
        return ["object"]
    return ["array"] if "items" in schema or "prefixItems" in schema else None


def _type_of(value: object) -> str:
    for kind, name in _TYPES:
        if isinstance(value, kind):
            return name
    return "null"


_TYPES: Sequence[tuple[type, str]] = (
    (bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"),
    (dict, "object"), (list, "array"),
)  # fmt: skip


def _both(one: Flat, other: Flat) -> Flat:
    """What is accepted by both."""
    both: Flat = {**other, **one}
    if "type" in one and "type" in other:
        both["type"] = _common_types(one["type"], other["type"])
    if isinstance(one.get("enum"), list) and isinstance(other.get("enum"), list):
        both["enum"] = [value for value in one["enum"] if value in other["enum"]]
    if "items" in one and "items" in other:
        both["items"] = {"allOf": [one["items"], other["items"]]}
    if "properties" in one or "properties" in other:
        both["properties"] = _joined(one, other, "allOf")
    required = [*strings_in(one, "required"), *strings_in(other, "required")]
    if required:
        both["required"] = [*dict.fromkeys(required)]
    return both


def _common_types(one: list[str], other: list[str]) -> list[str]:
    found = [kind for kind in one if kind in other]
    if "integer" not in found and {"integer", "number"} <= {*one, *other}:
        found.append("integer")
    return found


def _any(ways: Sequence[Flat]) -> Flat:
    """What accepts everything that any of them does."""
    if any("type" not in way for way in ways):
        return {}
    nothing = [way for way in ways if way["type"] == ["null"]]
    something = [way for way in ways if way not in nothing]
    if not something:
        return {"type": ["null"]}
    found = dict(something[0])
    for way in something[1:]:
        found = _either(found, way)
    if nothing and "null" not in found["type"]:
        found["type"] = [*found["type"], "null"]
    return found


def _either(one: Flat, other: Flat) -> Flat:
    if one == other:
        return one
    types = [*dict.fromkeys([*one["type"], *other["type"]])]
    either: Flat = {"type": types}
    if all(isinstance(way.get("enum"), list) for way in (one, other)):
        either["enum"] = [*one["enum"], *(v for v in other["enum"] if v not in one["enum"])]
        either["x-titles"] = {**_titles(one), **_titles(other)}
    merge = _MERGES.get(next((kind for kind in types if kind != "null"), ""))
    if merge is not None and len({*types} - {"null"}) == 1:
        merge(either, one, other)
    return either


def _either_object(either: Flat, one: Flat, other: Flat) -> None:
    either["properties"] = _joined(one, other, "anyOf")
    needed = strings_in(other, "required")
    either["required"] = [name for name in strings_in(one, "required") if name in needed]
    opening = next((way for way in (one, other) if is_open(way)), None)
    if opening is not None:
        either["additionalProperties"] = True


def _either_array(either: Flat, one: Flat, other: Flat) -> None:
    if "items" in one and "items" in other:
        either["items"] = {"anyOf": [one["items"], other["items"]]}


_MERGES: Mapping[str, Callable[[Flat, Flat, Flat], None]] = {
    "object": _either_object, "array": _either_array,
}  # fmt: skip


def _joined(one: Flat, other: Flat, keyword: str) -> Flat:
    """The properties of both; one that both have is put together by the keyword."""
    mine, others = properties_of(one), properties_of(other)
    joined = {**mine, **others}
    for name in mine:
        if name in others and mine[name] != others[name]:
            joined[name] = {keyword: [*_alternatives(mine[name], keyword), others[name]]}
    return joined


def _alternatives(schema: object, keyword: str) -> list[object]:
    """The members of a combination that was put together before, so that it does not nest."""
    if isinstance(schema, dict) and schema.keys() == {keyword}:
        members = schema[keyword]
        return [*members] if isinstance(members, list) else [schema]
    return [schema]


def _titles(schema: Flat) -> Mapping[str, object]:
    known = schema.get("x-titles")
    if isinstance(known, dict):
        return known
    title = schema.get("description") or schema.get("title")
    values = schema["enum"]
    return {values[0]: title} if len(values) == 1 and isinstance(values[0], str) else {}
