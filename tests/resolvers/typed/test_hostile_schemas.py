"""Hostile tools: whatever they list costs little, and concerns nobody but themselves."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.resolvers.typed.server_types import MAX_TOOLS
from tests.resolvers.typed.making import schema_of, schema_with, tool, tool_field

# Bounds are in steps; this one only tells them from none at all.
FAR_TOO_LONG_SECONDS = 5.0
GOOD = tool("good", {"properties": {"a": {"type": "string"}}})


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


def doubling(keyword: str) -> dict[str, Any]:
    """Each definition names the next twice: 2^60 parts when written out."""
    refs = [[{"$ref": f"#/$defs/d{n + 1}"}] * 2 for n in range(60)]
    definitions = {f"d{n}": {keyword: pair} for n, pair in enumerate(refs)}
    return {"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": definitions}


def wide_union() -> dict[str, Any]:
    ways = [{"properties": {f"p{j}": {"const": f"{i}"} for j in range(9)}} for i in range(200)]
    return {"properties": {"x": {"anyOf": ways}}}


HOSTILE: dict[str, Callable[[], Any]] = {
    "10 MB": lambda: {"properties": {"x": {"description": "x" * 10_000_000}}},
    "10 000 properties": lambda: {"properties": {f"p{n}": {} for n in range(10_000)}},
    "deep": lambda: deep(200),
    "very deep": lambda: deep(5_000),
    "deep and within the text's limit": lambda: deep(120),
    "a reference to itself": lambda: {"$ref": "#"},
    "a circle of references": lambda: {
        "properties": {"x": {"$ref": "#/$defs/a"}},
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
    },
    "doubling allOf": lambda: doubling("allOf"),
    "doubling anyOf": lambda: doubling("anyOf"),
    "a wide union": wide_union,
    "a huge enum": lambda: {"properties": {"x": {"enum": [f"v{n}" for n in range(100_000)]}}},
    "numbers in an enum": lambda: {"properties": {"x": {"type": "integer", "enum": [1.5] * 99}}},
    "objects in an enum": lambda: {"properties": {"x": {"enum": [{"a": n} for n in range(99)]}}},
    "names that look encoded": lambda: {"properties": {"_x2d_": {}, "-": {}, "__": {}, "": {}}},
    "words that are the same": lambda: {
        "properties": {n: {"properties": {"a": {}}} for n in ("a-b", "a_b", "aB", "AB", "天", "地")}
    },
    "names of our own": lambda: {"properties": {"Result": {"properties": {"a": {}}}, "output": {"enum": ["true"]}}},
    "descriptions that are no text": lambda: {"properties": {"x": {"description": {"a": 1}, "title": 3}}},
    "descriptions with quotes": lambda: {"properties": {"x": {"description": '"""\\"""\n# {}\r\0'}}},
    "lone surrogates": lambda: {"properties": {"\ud800": {"enum": ["\ud800"]}}},
    "properties that are a list": lambda: {"type": "object", "properties": ["a"]},
    "required that is no list": lambda: {"properties": {"a": {}}, "required": {"a": True}},
    "no object at all": lambda: "nonsense",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_concerns_its_own_tool_only(name: str) -> None:
    schema = HOSTILE[name]()
    began = time.perf_counter()
    made = schema_with(tool("bad", schema, schema), GOOD)
    assert time.perf_counter() - began < FAR_TOO_LONG_SECONDS
    assert str(tool_field(made, "good").args["a"].type) == "String"


@pytest.mark.parametrize("servers", [("a-b", "a_b", "aB"), ("3", "n3"), ("true", "__type")])
def test_servers_with_names_alike_are_told_apart(servers: tuple[str, ...]) -> None:
    made = schema_of(dict.fromkeys(servers, (GOOD,)))
    assert made.mutation_type is not None
    assert len(made.mutation_type.fields) == len(servers)


def test_tools_with_names_alike_are_told_apart() -> None:
    names = ["a-b", "a_b", "aB", "a.b", "a b", "__a", "true", "天", "地"]
    output = {"type": "object", "properties": {"a": {"properties": {"b": {}}}}}
    made = schema_with(*(tool(name, output, output) for name in names))
    assert len(getattr(made.type_map["S_Tools"], "fields", {})) == len(names)


def test_a_tool_that_cannot_be_called_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    made = schema_with(tool("x" * 257, {}), tool("a\nb", {}), GOOD, GOOD)
    assert [*getattr(made.type_map["S_Tools"], "fields", {})] == ["good"]
    assert "3 tools of server s are left out" in caplog.text


def test_of_too_many_tools_the_last_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    made = schema_with(*(tool(f"t{n}", {"properties": {}}) for n in range(MAX_TOOLS + 1)))
    assert len(getattr(made.type_map["S_Tools"], "fields", {})) == MAX_TOOLS
    assert "1 tools of server s are left out" in caplog.text


NAMES = st.sampled_from(["a", "b", "a-b", "a_b", "null", "__x", "天", ""])
KINDS = st.sampled_from(["object", "array", "string", "integer", "number", "null", "nonsense"])
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "type": KINDS | st.lists(KINDS, max_size=3),
    "required": st.lists(NAMES, max_size=3),
    "enum": st.lists(NAMES | st.none() | st.integers(), max_size=4),
    "const": NAMES | st.integers() | st.none(),
    "default": NAMES | st.integers() | st.none() | st.lists(NAMES, max_size=2),
    "description": st.text(max_size=8),
    "$ref": st.sampled_from(["#", "#/properties/a", "#/$defs/a", "#/nowhere", "x"]),
    "minimum": st.integers(),
    "maximum": st.integers(),
}


def nesting(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several, named = st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)
    deeper = {
        "properties": named, "$defs": named, "items": inner, "anyOf": several, "oneOf": several,
        "allOf": several, "additionalProperties": st.booleans() | inner,
    }  # fmt: skip
    return st.fixed_dictionaries({}, optional={**PLAIN, **deeper})


JSON_SCHEMAS = st.recursive(
    st.fixed_dictionaries({}, optional=PLAIN) | st.booleans(), nesting, max_leaves=12
).filter(lambda schema: isinstance(schema, dict))


@settings(deadline=None, max_examples=25)
@given(JSON_SCHEMAS, JSON_SCHEMAS)
def test_whatever_a_tool_lists_the_schema_is_valid(arguments: Any, output: Any) -> None:
    schema_with(tool("t", {"type": "object", **arguments}, {"type": "object", **output}), GOOD)
