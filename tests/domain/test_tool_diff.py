"""What a new version changes about the tools, told so that a person can decide."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.tool import Tool
from app.domain.tool_diff import ToolAspect, ToolChange, ToolDiff, diff_tools


def tool(name: str, **raw: Any) -> Tool:
    return Tool(name, {"name": name, "inputSchema": {"type": "object"}, **raw})


def arguments(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required]}


def test_the_order_of_a_listing_and_what_is_no_part_of_a_tool_change_nothing() -> None:
    diff = diff_tools([tool("a"), tool("b")], [tool("b", _meta={"x": 1}), tool("a")])
    assert diff == ToolDiff()
    assert (diff.is_empty, diff.is_breaking, diff.summary()) == (True, False, "the same tools")


def test_what_is_added_breaks_nothing_and_what_is_removed_does() -> None:
    added = diff_tools([tool("a")], [tool("a"), tool("c"), tool("b")])
    assert (added.added, added.is_breaking, added.is_empty) == (("b", "c"), False, False)
    removed = diff_tools([tool("a"), tool("b")], [tool("a")])
    assert (removed.removed, removed.is_breaking) == (("b",), True)
    assert removed.summary() == "1 removed (b)"


@pytest.mark.parametrize(
    ("before", "after", "aspect"),
    [
        ({"title": "A"}, {"title": "B"}, ToolAspect.TITLE),
        ({"description": "reads"}, {"description": "deletes"}, ToolAspect.DESCRIPTION),
        ({}, {"outputSchema": {"type": "object"}}, ToolAspect.OUTPUT_SCHEMA),
        ({"annotations": {"readOnlyHint": True}}, {}, ToolAspect.ANNOTATIONS),
        ({}, {"inputSchema": {"type": "object", "$defs": {}}}, ToolAspect.INPUT_SCHEMA),
    ],
)
def test_every_aspect_counts_as_a_change(
    before: dict[str, Any], after: dict[str, Any], aspect: ToolAspect
) -> None:
    diff = diff_tools([tool("a", **before)], [tool("a", **after)])
    assert (diff.changed, diff.is_breaking) == ((ToolChange("a", (aspect,)),), True)


def test_arguments_are_told_in_words() -> None:
    text, number = {"type": "string"}, {"type": "number"}
    before = arguments("gone", "eased", gone=text, eased=text, kept=text, turned=text)
    after = arguments("new", "turned", new=text, eased=text, kept=number, turned=text, more=text)
    (change,) = diff_tools([tool("a", inputSchema=before)], [tool("a", inputSchema=after)]).changed
    assert change.details == (
        "argument 'more' is new",
        "argument 'new' is new and required",
        "argument 'gone' is gone",
        "argument 'eased' is no longer required",
        "argument 'kept' is described differently",
        "argument 'turned' is required now",
    )


@pytest.mark.parametrize(
    "schema", [{}, {"properties": [], "required": "x"}, {"properties": None, "required": [1, {}]}]
)
def test_a_schema_that_is_none_is_compared_all_the_same(schema: dict[str, Any]) -> None:
    diff = diff_tools([tool("a")], [tool("a", inputSchema=schema)])
    assert [change.aspects for change in diff.changed] == [(ToolAspect.INPUT_SCHEMA,)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
TOOLS = st.lists(
    st.builds(
        lambda name, schema: Tool(name, {"name": name, "inputSchema": schema}),
        st.sampled_from("abcd"),
        st.dictionaries(st.sampled_from(["properties", "required", "x"]), JSON),
    ),
    max_size=4,
)


@given(TOOLS, TOOLS)
def test_a_diff_names_every_tool_once_and_is_empty_exactly_for_the_same(
    before: list[Tool], after: list[Tool]
) -> None:
    diff = diff_tools(before, after)
    old, new = {t.name: t for t in before}, {t.name: t for t in after}
    assert set(diff.added) == new.keys() - old.keys()
    assert set(diff.removed) == old.keys() - new.keys()
    assert {c.name for c in diff.changed} == {
        n for n in old.keys() & new.keys() if old[n].input_schema != new[n].input_schema
    }
    assert diff.is_empty is (
        {n: t.input_schema for n, t in old.items()} == {n: t.input_schema for n, t in new.items()}
    )
    assert diff_tools(after, after).is_empty
