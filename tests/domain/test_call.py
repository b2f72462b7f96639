"""The pure rules of a tool call."""

import math
from typing import Any

import pytest

from app.domain.call import ToolCall, ToolOutcome, check_call, merge_arguments
from app.domain.errors import AppError, ErrorCode


def call(**changes: Any) -> ToolCall:
    return ToolCall(**{"server_name": "s", "tool_name": "t", "arguments": {}, **changes})


@pytest.mark.parametrize(
    ("schema", "merged"),
    [
        ({}, {"city": "Rome", "key": "secret", "other": "more"}),
        ({"properties": {"key": {}}}, {"city": "Rome", "key": "secret", "other": "more"}),
        (
            {"properties": {"key": {}}, "additionalProperties": True},
            {"city": "Rome", "key": "secret", "other": "more"},
        ),
        (
            {"properties": {"key": {}}, "additionalProperties": {"type": "string"}},
            {"city": "Rome", "key": "secret", "other": "more"},
        ),
        (
            {"properties": {"key": {}}, "additionalProperties": False},
            {"city": "Rome", "key": "secret"},
        ),
        ({"additionalProperties": False}, {"city": "Rome", "key": "mine"}),
        ({"properties": "odd", "additionalProperties": False}, {"city": "Rome", "key": "mine"}),
    ],
)
def test_a_secret_overrides_an_argument_unless_the_schema_forbids_it(
    schema: dict[str, object], merged: dict[str, object]
) -> None:
    arguments = {"city": "Rome", "key": "mine"}
    secrets = {"key": "secret", "other": "more"}
    assert merge_arguments(arguments, secrets, schema) == merged
    assert arguments == {"city": "Rome", "key": "mine"}
    assert secrets == {"key": "secret", "other": "more"}


def test_without_secrets_the_arguments_are_sent_as_given() -> None:
    given: dict[str, object] = {"a": [1, {"b": None}]}
    merged = merge_arguments(given, {}, {"additionalProperties": False})
    assert merged == given
    assert merged is not given


@pytest.mark.parametrize("seconds", [0.001, 60, 3600])
def test_a_deadline_of_up_to_an_hour_is_accepted(seconds: float) -> None:
    check_call(call(timeout_seconds=seconds))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"timeout_seconds": 0}, ("timeoutSeconds",)),
        ({"timeout_seconds": -1}, ("timeoutSeconds",)),
        ({"timeout_seconds": 3600.1}, ("timeoutSeconds",)),
        ({"timeout_seconds": math.inf}, ("timeoutSeconds",)),
        ({"timeout_seconds": math.nan}, ("timeoutSeconds",)),
        ({"server_name": "../x"}, ("serverName",)),
        ({"tool_name": ""}, ("toolName",)),
    ],
)
def test_a_malformed_call_is_refused_by_the_name_of_the_input(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(AppError) as caught:
        check_call(call(**changes))
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, path)


@pytest.mark.parametrize(
    ("raw", "is_error"),
    [({}, False), ({"isError": False}, False), ({"isError": True}, True), ({"isError": 1}, False)],
)
def test_only_true_is_a_tools_report_of_failure(raw: dict[str, object], is_error: bool) -> None:  # noqa: FBT001 - a column of the table
    outcome = ToolOutcome(call_id="c", raw=raw, text=b"", duration_milliseconds=1.0)
    assert outcome.is_error is is_error
