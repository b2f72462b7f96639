"""Principals, pages, tools as listed, and the tables every error code must be in."""

import pytest

from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.tool import Tool, parse_tool
from app.edge.status import HTTP_STATUS
from app.resolvers.types.error import ERROR_TYPES


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_code_has_a_status_and_a_graphql_type(code: ErrorCode) -> None:
    assert 400 <= HTTP_STATUS[code] <= 599
    assert code in ERROR_TYPES
    assert (ERROR_TYPES[code] is None) == (code is ErrorCode.INTERNAL)


def test_the_tables_name_no_code_that_does_not_exist() -> None:
    assert set(HTTP_STATUS) == set(ERROR_TYPES) == set(ErrorCode)


def test_an_errors_sentence_says_what_to_do() -> None:
    assert invalid("It is wrong.", "a", "b", hint="Make it right.").sentence() == (
        "It is wrong. Make it right."
    )
    assert invalid("It is wrong.").sentence() == "It is wrong."
    assert invalid("It is wrong.", "a", "b").path == ("a", "b")


@pytest.mark.parametrize("first", [1, 500])
def test_a_page_of_1_to_500_is_accepted(first: int) -> None:
    check_page(PageRequest(first))


@pytest.mark.parametrize("first", [0, -1, 501])
def test_another_page_size_is_refused(first: int) -> None:
    with pytest.raises(AppError) as caught:
        check_page(PageRequest(first))
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, ("first",))


def test_a_page_read_one_further_knows_whether_more_follow() -> None:
    assert cut_page([1, 2, 3], 2) == Page((1, 2), has_next=True)
    assert cut_page([1, 2], 2) == Page((1, 2), has_next=False)
    assert cut_page(list[int](), 2) == Page((), has_next=False)


@pytest.mark.parametrize("entry", [None, "tool", 3, [], {}, {"name": ""}, {"name": 3}])
def test_an_entry_without_a_usable_name_is_no_tool(entry: object) -> None:
    assert parse_tool(entry) is None


def test_a_tool_keeps_exactly_what_its_server_sent() -> None:
    raw = {"name": "t", "inputSchema": {"$ref": "#/x"}, "x-vendor": [1], "title": 3}
    tool = parse_tool(raw)
    assert tool == Tool("t", raw)
    assert tool.raw is raw
    assert (tool.input_schema, tool.output_schema) == ({"$ref": "#/x"}, None)
    assert (tool.title, tool.description, tool.annotations) == (None, None, None)


def test_a_schema_that_is_no_object_counts_as_empty() -> None:
    assert Tool("t", {"name": "t", "inputSchema": "odd"}).input_schema == {}
    assert Tool("t", {"name": "t"}).input_schema == {}
