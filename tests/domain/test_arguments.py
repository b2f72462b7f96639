"""Arguments that do not fit their schema: told by path and rule, never by value."""

import logging
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arguments import INTRODUCTION, _compile, check_arguments
from app.domain.tool import Tool

Json = Any
DRAFT_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
TWO_ITEMS = [{"type": "integer"}, {"type": "boolean"}]

# What `x` must be, an `x` that is not, and what is told.
RULES: list[tuple[Json, Json, str]] = [
    ({"type": "integer"}, "v", "/x must be of type integer"),
    ({"type": ["string", "null"]}, 1, "/x must be of type null or string"),
    ({"enum": ["a", 1, None]}, "v", '/x must be one of "a", 1, null'),
    ({"const": {"a": 1}}, "v", '/x must be {"a": 1}'),
    ({"pattern": "^a+$"}, "v", "/x must match the pattern ^a+$"),
    ({"minLength": 2}, "v", "/x must have at least 2 characters"),
    ({"maxLength": 1}, "vv", "/x must have at most 1 character"),
    ({"minimum": 5}, 4, "/x must be at least 5"),
    ({"maximum": 5.5}, 6, "/x must be at most 5.5"),
    ({"exclusiveMinimum": 5}, 5, "/x must be more than 5"),
    ({"exclusiveMaximum": 5}, 5, "/x must be less than 5"),
    ({"multipleOf": 5}, 6, "/x must be a multiple of 5"),
    ({"minItems": 1}, [], "/x must have at least 1 item"),
    ({"maxItems": 2}, [1, 2, 3], "/x must have at most 2 items"),
    ({"uniqueItems": True}, ["v", "v"], "/x must not hold the same item twice"),
    ({"items": {"type": "integer"}}, [1, "v"], "/x/1 must be of type integer"),
    ({"prefixItems": TWO_ITEMS}, [1, "v"], "/x/1 must be of type boolean"),
    ({"prefixItems": [True], "items": False}, [1, "v"], "/x/1 is not allowed"),
    ({"contains": {"const": 1}}, ["v"], "/x must hold an item that fits contains"),
    (
        {"contains": {"const": 1}, "minContains": 2},
        [1],
        "/x holds too few items that fit contains",
    ),
    (
        {"contains": {"const": 1}, "maxContains": 1},
        [1, 1],
        "/x holds too many items that fit contains",
    ),
    ({"unevaluatedItems": False}, ["v"], "/x must have no further items"),
    ({"required": ["a", "b/c"]}, {"a": 1}, "/x/b~1c is required"),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "/x/b is required"),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}, "/x/b is required"),
    (
        {"properties": {"a": True}, "additionalProperties": False},
        {"a": 1, "b": 2, "c": 3},
        "/x/b is not allowed; /x/c is not allowed",
    ),
    ({"additionalProperties": False}, {"a": 1}, "/x must have no properties"),
    ({"additionalProperties": {"type": "null"}}, {"a": 1}, "/x/a must be of type null"),
    ({"patternProperties": {"^a": {"type": "null"}}}, {"ab": 1}, "/x/ab must be of type null"),
    ({"unevaluatedProperties": False}, {"a": 1}, "/x/a is not allowed"),
    (
        {"propertyNames": {"maxLength": 1}},
        {"ab": 1},
        "/x has a property whose name must have at most 1 character",
    ),
    ({"minProperties": 2}, {"a": 1}, "/x must have at least 2 properties"),
    ({"maxProperties": 1}, {"a": 1, "b": 2}, "/x must have at most 1 property"),
    ({"allOf": [{"type": "null"}, {"minLength": 2}]}, "v",
     "/x must be of type null; /x must have at least 2 characters"),
    ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, "v", "/x must be of type integer or null"),
    ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, "v", "/x must be of type integer or null"),
    ({"anyOf": [{"type": "null"}, {"minLength": 2}]}, "v", "/x must fit an alternative of anyOf"),
    ({"oneOf": [{"type": "null"}, {"minLength": 2}]}, "v", "/x must fit an alternative of oneOf"),
    ({"oneOf": [True, {"minLength": 1}]}, "v", "/x must fit only one alternative of oneOf"),
    ({"not": {"type": "string"}}, "v", "/x must not fit the schema under not"),
    (
        {"if": {"type": "string"}, "then": {"minLength": 2}},
        "v",
        "/x must have at least 2 characters",
    ),
    ({"if": {"type": "null"}, "else": {"minLength": 2}}, "v", "/x must have at least 2 characters"),
    (False, "v", "/x is not allowed"),
]  # fmt: skip


def tool(schema: Mapping[str, object]) -> Tool:
    return Tool("weather", {"name": "weather", "inputSchema": schema})


def told(schema: Mapping[str, object], arguments: Mapping[str, object]) -> str:
    """What follows the introduction, without the full stop."""
    text = check_arguments(tool(schema), arguments)
    assert text is not None
    assert text.startswith(f"{INTRODUCTION}: ")
    return text.removeprefix(f"{INTRODUCTION}: ").removesuffix(".")


def test_the_text_names_each_path_and_rule() -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    }
    assert check_arguments(tool(schema), {"days": "many"}) == (
        "The arguments do not fit the tool's input schema: "
        "/city is required; /days must be of type integer."
    )
    assert check_arguments(tool(schema), {"city": "Rome", "days": 2}) is None
    assert check_arguments(tool(schema), MappingProxyType({"city": "Rome"})) is None


@pytest.mark.parametrize(("rule", "value", "text"), RULES, ids=[text for *_, text in RULES])
def test_every_keyword_has_its_words(rule: Json, value: Json, text: str) -> None:
    assert told({"properties": {"x": rule}}, {"x": value}) == text


SECRETS = st.one_of(
    st.text("ABCDEF", min_size=6, max_size=12),
    st.integers(10**9, 10**15),
    st.floats(1e9, 1e15).map(lambda number: number + 0.5),
)
VALUES = st.recursive(
    SECRETS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abx"), inner, max_size=4),
    max_leaves=8,
)
NESTED_RULES = st.recursive(
    st.sampled_from([rule for rule, _, _ in RULES]),
    lambda inner: st.one_of(
        inner.map(lambda rule: {"items": rule}),
        inner.map(lambda rule: {"additionalProperties": rule}),
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"anyOf": rules}),
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"oneOf": rules}),
    ),
    max_leaves=4,
)


def leaves(value: Json) -> list[Json]:
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return [leaf for child in children for leaf in leaves(child)]
    return [value]


@given(rule=NESTED_RULES, value=VALUES)
def test_no_value_is_ever_told(rule: Json, value: Json) -> None:
    text = check_arguments(tool({"additionalProperties": rule}), {"x": value, "a": [value]}) or ""
    assert [leaf for leaf in leaves(value) if str(leaf) in text] == []


def test_ten_violations_are_told_and_the_rest_counted() -> None:
    text = told({"required": [f"p{i:02}" for i in range(13)]}, {})
    assert text.split("; ") == [*(f"/p{i:02} is required" for i in range(10)), "and 3 more"]


def test_a_violation_found_in_two_ways_is_told_once() -> None:
    assert told({"allOf": [{"required": ["a"]}] * 2}, {}) == "/a is required"


def test_long_and_unprintable_names_and_rules_are_cut_and_cleaned() -> None:
    closed = {"properties": {"a": True}, "additionalProperties": False}
    assert told(closed, {"n" * 101: 1}) == f"/{'n' * 100}… is not allowed"
    assert told(closed, {"a\nb\x1b": 1}) == "/a�b� is not allowed"
    assert told({"properties": {"x": {"enum": ["o" * 300]}}}, {"x": 1}) == (
        f'/x must be one of "{"o" * 199}…'
    )


def test_formats_are_annotations() -> None:
    rules = {"type": "string", "format": "email"}
    assert check_arguments(tool({"properties": {"x": rules}}), {"x": "no address"}) is None


def test_the_dialect_is_2020_12_unless_the_schema_names_another() -> None:
    rules = {"x": {"minimum": 5, "exclusiveMinimum": True}, "y": {"prefixItems": [False]}}
    assert told({**DRAFT_4, "properties": rules}, {"x": 5, "y": [1]}) == "/x must be more than 5"
    assert told({"properties": {"y": rules["y"]}}, {"x": 5, "y": [1]}) == "/y/0 is not allowed"
    old: Json = {"properties": {"y": {"items": [True], "additionalItems": False}}}
    assert told(DRAFT_7 | old, {"y": [1, 2]}) == "/y must have at most 1 item"


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "nonsense"},
        {"properties": {"x": {"pattern": "("}}},
        {"properties": {"x": {"pattern": "^(?!a)"}}},
        {"$schema": "http://json-schema.org/draft-03/schema#", "required": ["q"]},
        {"$ref": "#/$defs/missing"},
        {"$ref": "other.json", "required": ["q"]},
        {"$ref": "file:///etc/hostname", "required": ["q"]},
        {"$defs": {"a": {"$id": "http://a.example/", "required": ["q"]}}, "$ref": "#/$defs/a"},
        {"maximum": 10**30, "required": ["q"]},
        {"description": "d" * 300_000, "required": ["q"]},
    ],
    ids=lambda schema: str(schema)[:60],
)
def test_a_schema_that_cannot_be_used_accepts_everything(schema: Json) -> None:
    if "$id" in str(schema):
        schema = {"properties": {"x": schema}}
    assert check_arguments(tool(schema), {"x": "v"}) is None


def test_a_tool_without_a_schema_accepts_everything() -> None:
    assert check_arguments(Tool("bare", {"name": "bare"}), {"x": "v"}) is None


def test_why_a_schema_is_not_used_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    _compile.cache_clear()
    with caplog.at_level(logging.DEBUG, "app"):
        for _ in range(3):
            assert check_arguments(tool({"type": "nonsense"}), {}) is None
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG


@pytest.mark.parametrize("keyword", ["$ref", "$schema", "$dynamicRef"])
def test_nothing_is_fetched(keyword: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        schema = {"properties": {"x": {keyword: address}}} | {keyword: address}
        assert check_arguments(tool(schema), {"x": 1}) is None
        with pytest.raises(BlockingIOError):
            server.accept()


def test_equal_schemas_of_different_tools_are_compiled_once() -> None:
    _compile.cache_clear()
    for _ in range(3):
        check_arguments(tool({"required": ["a"]}), {})
    assert (_compile.cache_info().misses, _compile.cache_info().hits) == (1, 2)


def test_values_that_json_does_not_have_are_left_to_the_server() -> None:
    assert check_arguments(tool({"required": ["a"]}), {"x": object()}) is None
