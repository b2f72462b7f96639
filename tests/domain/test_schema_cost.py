"""Schemas and arguments that would take minutes to check, or end the process, if nothing were bounded."""

from typing import Any

import pytest

from app.domain.arguments import INTRODUCTION, MAX_DEPTH, check_arguments
from app.domain.schema_cost import SchemaCost, schema_cost
from tests.domain.test_arguments import told, tool

Json = Any


def nested(levels: int, leaf: Json) -> Json:
    for _ in range(levels):
        leaf = {"x": leaf}
    return leaf


def test_a_cost_counts_every_way_through_the_references() -> None:
    leaf = {"type": "string", "pattern": "a"}
    schema = {
        "$defs": {"leaf": leaf, "unused": {"anyOf": [leaf] * 99}},
        "properties": {"a/b": {"$ref": "#/$defs/leaf"}, "y": {"$ref": "#/properties/a~1b"}},
    }
    cost = SchemaCost(weight=17, depth=5, recursions=0, patterns=2)
    assert schema_cost(schema) == cost


@pytest.mark.parametrize(
    "part",
    [
        {"$ref": "other.json"},
        {"$ref": "#anchor"},
        {"$ref": "#/$defs/missing"},
        {"$id": "http://a.example/"},
        {"enum": [*range(10_000)]},
        {"patternProperties": {str(number): True for number in range(201)}},
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_cannot_be_told_or_is_too_much_has_no_cost(part: Json) -> None:
    assert schema_cost({"properties": {"x": part}}) is None


def test_deep_arguments_are_refused_before_they_overflow_the_stack() -> None:
    deep: Json = []
    for _ in range(10_000):
        deep = [deep]
    for rule in ({"$ref": "#/$defs/a"}, True):
        schema = {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "properties": {"x": rule}}
        assert told(schema, {"x": deep}) == "they are nested more than 100 levels deep"


def test_a_recursive_schema_is_followed_to_the_deepest_arguments() -> None:
    tree = {"type": "object", "properties": {"x": {"$ref": "#"}}}
    assert check_arguments(tool(tree), nested(MAX_DEPTH - 1, {})) is None
    assert told(tree, nested(3, "v")) == "/x/x/x must be of type object"
    assert told(tree, nested(MAX_DEPTH, "v")).endswith("/x must be of type object")


def test_a_schema_that_refers_only_to_itself_accepts_everything() -> None:
    assert check_arguments(tool({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}), {"x": 1}) is None


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_references_that_double_with_each_step_are_not_followed(keyword: str) -> None:
    steps = {f"a{i}": {keyword: [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(40)}
    schema = {"$defs": {**steps, "a40": {"required": ["q"]}}, "$ref": "#/$defs/a0"}
    assert check_arguments(tool(schema), {}) is None


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_a_recursion_that_doubles_is_checked_but_not_told(keyword: str) -> None:
    twice = {keyword: [{"$ref": "#"}, {"$ref": "#"}]}
    tree = {"type": "object", "properties": {"x": twice}}
    assert check_arguments(tool(tree), nested(60, "v")) == (
        f"{INTRODUCTION}, and are too large to tell where."
    )


def test_unevaluated_properties_beneath_each_other_are_not_followed() -> None:
    rule: Json = {"type": "object"}
    for _ in range(20):
        rule = {"oneOf": [rule], "unevaluatedProperties": {"required": ["q"]}}
    assert check_arguments(tool(rule), {"x": {"x": 1}}) is None


def test_a_long_way_between_two_levels_does_not_overflow_the_stack() -> None:
    steps = {f"a{i}": {"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}]} for i in range(300)}
    last = {"properties": {"x": {"$ref": "#/$defs/a0"}}, "type": "object"}
    schema = {"$defs": {**steps, "a300": last}, "$ref": "#/$defs/a0"}
    assert check_arguments(tool(schema), nested(MAX_DEPTH - 1, 1)) is None


def test_patterns_take_linear_time_and_long_text_is_not_matched_at_all() -> None:
    schema = {"properties": {"x": {"pattern": "^(a+)+$"}}}
    assert told(schema, {"x": "a" * 10_000 + "!"}) == "/x must match the pattern ^(a+)+$"
    assert check_arguments(tool(schema), {"x": "a" * 1_000_000 + "!"}) is None
