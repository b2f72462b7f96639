"""What becomes of JSON Schemas, by table; every schema made is valid, and its text too."""

from typing import Any

import pytest
from graphql import Undefined

from tests.resolvers.typed.making import schema_with, tool, tool_field, type_text

TREE = {
    "type": "object",
    "properties": {"value": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
    "required": ["value"],
}  # fmt: skip
CHAIN = {
    "type": "object", "properties": {"next": {"$ref": "#/$defs/Chain"}}, "required": ["next"],
}  # fmt: skip
LISTS = {"type": "array", "items": {"$ref": "#/$defs/Lists"}}
DEFINITIONS = {"Tree": TREE, "Chain": CHAIN, "Lists": LISTS}
CIRCLE = {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}, "required": ["kind", "radius"]}  # fmt: skip
SQUARE = {"type": "object", "properties": {"kind": {"const": "square"}, "side": {"type": "number"}}, "required": ["kind", "side"]}  # fmt: skip


def converted(schema: object, *, required: bool = False) -> str:
    """The argument `x` of a tool with that property, as GraphQL says it."""
    root = {
        "type": "object", "properties": {"x": schema}, "$defs": DEFINITIONS,
        "required": ["x"] if required else [],
    }  # fmt: skip
    made = schema_with(tool("t", root))
    argument = tool_field(made, "t").args["x"]
    default = "" if argument.default_value is Undefined else f" = {argument.default_value!r}"
    return f"{argument.type}{default}"


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "String"),
        ({"type": "boolean"}, "Boolean"),
        ({"type": "number"}, "Float"),
        ({"type": ["integer", "number"]}, "Float"),
        ({"type": "integer"}, "Integer"),
        ({"type": "integer", "minimum": 1, "maximum": 100}, "Int"),
        ({"type": "integer", "minimum": 0, "maximum": 2**31}, "Integer"),
        ({"type": "integer", "format": "int32"}, "Int"),
        ({"enum": [1, 2, 3]}, "Int"),
        ({"enum": [1, 2.5]}, "Float"),
        ({"enum": ["a", "b"]}, "S_T_X"),
        ({"const": "a"}, "S_T_X"),
        ({"enum": ["a", 1]}, "JSON"),
        ({"type": ["string", "null"]}, "String"),
        ({"type": "string", "nullable": True}, "String"),
        ({"type": ["string", "number"]}, "JSON"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "String"),
        ({"anyOf": [{"type": "string", "minLength": 1}, {"enum": ["a"]}]}, "String"),
        ({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]}, "S_T_X"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "JSON"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "Float"),
        ({"allOf": [{"type": "string"}, {"minLength": 2}]}, "String"),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, "S_T_X"),
        ({"type": "null"}, "JSON"),
        ({}, "JSON"),
        (True, "JSON"),
        ({"type": "array"}, "[JSON]"),
        ({"type": "array", "items": {"type": "string"}}, "[String!]"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "[String]"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, "[[Float!]!]"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "[JSON]"),
        ({"type": "array", "items": [{"type": "string"}]}, "[JSON]"),
        ({"type": "object"}, "JSON"),
        ({"type": "object", "properties": {}}, "JSON"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "JSON"),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, "JSON"),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, "S_T_XInput"),
        ({"properties": {"a": {"type": "string"}}}, "S_T_XInput"),
        ({"anyOf": [CIRCLE, SQUARE]}, "S_T_XInput"),
        ({"$ref": "#/$defs/Tree"}, "S_T_TreeInput"),
        ({"$ref": "#/$defs/Chain"}, "S_T_ChainInput"),
        ({"$ref": "#/$defs/Lists"}, "[JSON]"),
        ({"$ref": "#/$defs/Nowhere"}, "JSON"),
        ({"$ref": "https://example.com/schema"}, "JSON"),
        ({"$ref": "#/properties/x"}, "JSON"),
        ({"type": "string", "default": "d"}, "String! = 'd'"),
        ({"type": ["string", "null"], "default": "d"}, "String = 'd'"),
        ({"type": ["string", "null"], "default": None}, "String"),
        ({"type": "integer", "default": 2**40}, f"Integer! = {2**40}"),
        ({"enum": ["a-b", "c"], "default": "a-b"}, "S_T_X! = 'a__b'"),
        ({"enum": ["a"], "default": "wrong"}, "S_T_X"),
        ({"type": "array", "items": {"type": "string"}, "default": ["a"]}, "[String!]! = ['a']"),
        ({"type": "string", "default": 3}, "String"),
        ({"type": "integer", "maximum": 5, "default": 9}, "Integer"),
        ({"type": "number", "exclusiveMinimum": 0, "default": 0}, "Float"),
        ({"type": "string", "maxLength": 1, "default": "no"}, "String"),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1, "default": []}, "[String!]"),
        ({"type": "integer", "minimum": 1, "maximum": 5, "default": 5}, "Int! = 5"),
        ({"type": "number", "default": True}, "Float"),
        ({"type": "object", "default": {"a": 1}}, "JSON"),
        ({"type": "nonsense"}, "JSON"),
        ({"type": 3}, "JSON"),
        ({"type": "string", "enum": "nonsense"}, "String"),
        ({"anyOf": "nonsense", "type": "string"}, "String"),
    ],
)
def test_a_property_as_an_argument(schema: object, said: str) -> None:
    assert converted(schema) == said


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "String!"),
        ({"type": ["string", "null"]}, "String"),
        ({}, "JSON!"),
        ({"type": "string", "default": "d"}, "String! = 'd'"),
        ({"$ref": "#/$defs/Tree"}, "S_T_TreeInput!"),
    ],
)
def test_a_required_property_as_an_argument(schema: object, said: str) -> None:
    assert converted(schema, required=True) == said


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "properties": {}}, []),
        ({"type": "object", "additionalProperties": False}, []),
        ({"type": "object", "properties": {"a": {}, "b": False}}, ["a"]),
        ({"type": "object", "properties": {"a": {}}, "required": ["a", "b"]}, ["a", "b"]),
        ({"properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, ["a"]),
        ({"anyOf": [CIRCLE, SQUARE]}, ["kind", "radius", "side"]),
        ({"allOf": [CIRCLE, {"properties": {"colour": {"type": "string"}}}]}, ["colour", "kind", "radius"]),
        # All arguments as one JSON value.
        ({}, ["arguments"]),
        (None, ["arguments"]),
        ({"type": "object"}, ["arguments"]),
        ({"type": "object", "properties": {}, "additionalProperties": True}, ["arguments"]),
        ({"type": "array"}, ["arguments"]),
        ({"type": "object", "properties": {"a" * 257: {}}}, ["arguments"]),
        ({"type": "object", "properties": {f"p{i}": {} for i in range(10_000)}}, ["arguments"]),
    ],
)  # fmt: skip
def test_a_schema_as_arguments(schema: object, said: list[str]) -> None:
    made = schema_with(tool("t", schema))
    assert sorted(tool_field(made, "t").args) == said


@pytest.mark.parametrize(
    ("definition", "name", "said"),
    [
        (TREE, "Tree", "input S_T_TreeInput { value: String! children: [S_T_TreeInput!] }"),
        # It could never be given if it were required.
        (CHAIN, "Chain", "input S_T_ChainInput { next: S_T_ChainInput }"),
    ],
)
def test_recursive_inputs(definition: dict[str, Any], name: str, said: str) -> None:
    root = {"properties": {"x": {"$ref": f"#/$defs/{name}"}}, "$defs": {name: definition}}
    assert type_text(schema_with(tool("t", root)), f"S_T_{name}Input") == said


def test_alternatives_become_one_object_of_all_their_properties() -> None:
    made = schema_with(tool("t", {"properties": {"x": {"oneOf": [CIRCLE, SQUARE]}}}))
    assert type_text(made, "S_T_XInput") == (
        "input S_T_XInput { kind: S_T_Kind! radius: Float side: Float }"
    )
    assert type_text(made, "S_T_Kind") == "enum S_T_Kind { circle square }"


def test_names_that_graphql_does_not_have_are_told_in_descriptions() -> None:
    schema = {"properties": {"max-count": {"type": "integer", "description": "At most."}}}
    made = schema_with(tool("do it", schema), server="my-server")
    field = tool_field(made, "do_x20_it", "MyServer")
    assert field.description == "The tool `do it` of the server `my-server`."
    assert field.args["max__count"].description == "`max-count`: At most."
    assert made.mutation_type is not None
    assert [*made.mutation_type.fields] == ["my__server"]


def test_an_output_schema_becomes_the_type_of_structured() -> None:
    output = {
        "properties": {
            "temperature": {"type": "number"},
            "sky": {"enum": ["clear", "rain or snow"]},
            "next": {"$ref": "#"},
            "notes": {"type": ["array", "null"], "items": {"type": "string"}},
            "open": {"properties": {"a": {"type": "integer"}}, "additionalProperties": True},
        },
        "required": ["temperature", "notes"],
        "type": "object",
    }
    made = schema_with(tool("t", {"properties": {}}, output))
    assert type_text(made, "S_T_Output") == (
        "type S_T_Output { temperature: Float! sky: S_T_Sky next: S_T_Output notes: [String!] "
        "open: S_T_Open }"
    )
    assert str(tool_field(made, "t").type) == "S_T_Result"


@pytest.mark.parametrize(
    "output", [{}, {"type": "array"}, {"type": "object"}, {"type": "object", "properties": {}}]
)
def test_an_output_schema_that_says_nothing_adds_no_type(output: object) -> None:
    assert str(tool_field(schema_with(tool("t", {}, output)), "t").type) == "ToolResult"


def test_a_fragment_on_call_result_fits_every_tool() -> None:
    output = {"type": "object", "properties": {"a": {"type": "string"}}}
    made = schema_with(tool("typed", {}, output), tool("plain", {}))
    for name in ("typed", "plain"):
        kind = tool_field(made, name).type
        assert [interface.name for interface in kind.interfaces] == ["CallResult"]
