"""Arguments that secrets fill are not asked for."""

import copy
from typing import Any

import pytest

from app.domain.hidden_arguments import hide_arguments
from app.domain.tool import Tool

SCHEMA = {
    "type": "object",
    "title": "T",
    "properties": {"city": {"type": "string"}, "key": {"type": "string"}},
    "required": ["key", "city"],
    "additionalProperties": False,
}
RAW: dict[str, Any] = {"name": "t", "description": "d", "inputSchema": SCHEMA, "x-vendor": [1]}
TOOL = Tool("t", RAW)


def test_a_hidden_argument_is_in_neither_properties_nor_required() -> None:
    untouched = copy.deepcopy(RAW)
    assert hide_arguments(TOOL, ["key"]).raw == {
        **RAW,
        "inputSchema": {
            **SCHEMA,
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }
    assert untouched == RAW


def test_a_schema_without_required_gets_none() -> None:
    schema: dict[str, object] = {"properties": {"key": {}}}
    hidden = hide_arguments(Tool("t", {"inputSchema": schema}), ["key"])
    assert hidden.input_schema == {"properties": {}}


@pytest.mark.parametrize(
    "raw",
    [
        RAW,
        {"name": "t"},
        {"name": "t", "inputSchema": {}},
        {"name": "t", "inputSchema": {"properties": None}},
        {"name": "t", "inputSchema": {"properties": ["key"]}},
        {"name": "t", "inputSchema": "key"},
    ],
)
def test_a_tool_without_such_an_argument_stays_the_same(raw: dict[str, Any]) -> None:
    tool = Tool("t", raw)
    assert hide_arguments(tool, ["KEY", "other", "ke"]) is tool
    assert hide_arguments(tool, []) is tool
