"""JSON that says a thing twice, or goes too deep, is not read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import AppError
from app.edge.strict_json import MAX_DEPTH, read_json

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_whatever_json_says_once_is_read(
    value: Any,
    is_ascii: bool,  # noqa: FBT001 - generated
    indent: int | None,
) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    assert read_json(text.encode("utf-8", "surrogatepass")) == value


@given(st.dictionaries(st.text(), SCALARS, min_size=1), st.data())
def test_a_name_given_twice_is_refused_wherever_it_is(members: dict[str, Any], data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(members)))
    inner = json.dumps(members)[:-1] + f", {json.dumps(name)}: 1}}"
    with pytest.raises(AppError) as caught:
        read_json(f'[{{"outer": {inner}}}]'.encode())
    assert caught.value.message == f"The field {name[:100]!r} is given twice; give it once."


def test_depth_has_a_bound() -> None:
    read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(AppError, match="nested more than"):
        read_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_a_long_text_of_escapes_costs_no_stack() -> None:
    assert len(str(read_json(b'"' + rb"\"" * 2_000_000 + b'"'))) == 2_000_000
