"""The names are a bijection, and pleasant for the names that tools have."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.typed.names import decode_name, encode_name, type_words

NAME = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
WORD = re.compile(r"[0-9A-Za-z]+")
# Texts that are near the encoding's own marks are the dangerous ones.
NEAR = st.text(alphabet="_-x0123456789abcdefgAZ .é天\N{GRINNING FACE}")
TEXTS = st.text() | NEAR


@given(TEXTS)
@example("_x_")
@example("_x2d_")
@example("a_-b")
@example("__typename")
@example("\ud800")
def test_a_name_leads_back_to_its_text(text: str) -> None:
    assert decode_name(encode_name(text)) == text


@given(TEXTS)
def test_a_name_is_one_that_graphql_allows(text: str) -> None:
    name = encode_name(text)
    assert NAME.fullmatch(name)
    assert name not in {"true", "false", "null"}


@given(TEXTS, TEXTS)
def test_two_texts_have_two_names(one: str, other: str) -> None:
    assert (encode_name(one) == encode_name(other)) is (one == other)


@given(st.text(alphabet="_x0123456789abcdefg-", max_size=12))
def test_what_is_no_name_of_a_text_is_not_decoded(name: str) -> None:
    text = decode_name(name)
    assert text is None or encode_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("echo", "echo"),
        ("create_issue", "create_issue"),
        ("getWeather", "getWeather"),
        ("_private_", "_private_"),
        ("get-sum", "get__sum"),
        ("github.create_issue", "github_x2e_create_issue"),
        ("3d", "_x33_d"),
        ("-x", "_x2d_x"),
        ("__schema", "_x5f__schema"),
        ("a__b", "a_x5f__b"),
        ("pos_x_y", "pos_x5f_x_y"),
        ("天", "_x5929_"),
        ("", "_x_"),
        ("null", "_x6e_ull"),
    ],
)
def test_names_that_tools_have(text: str, name: str) -> None:
    assert encode_name(text) == name


@pytest.mark.parametrize("name", ["_x61_", "_x02d_", "__a", "_x110000_", "a b", "true"])
def test_other_spellings_of_a_name_are_no_names(name: str) -> None:
    assert decode_name(name) is None


@given(st.lists(TEXTS, unique=True, max_size=8))
def test_words_of_types_differ(texts: list[str]) -> None:
    words = type_words(texts)
    assert len({*words.values()}) == len(texts)
    assert all(WORD.fullmatch(word) for word in words.values())


def test_words_of_types_are_made_for_people() -> None:
    assert type_words(["get-sum", "create_issue", "listHTTPThings", "v2"]) == {
        "get-sum": "GetSum", "create_issue": "CreateIssue",
        "listHTTPThings": "ListHTTPThings", "v2": "V2",
    }  # fmt: skip


def test_texts_with_the_same_word_are_told_apart_by_a_hash() -> None:
    words = type_words(["get-sum", "get_sum", "echo"])
    assert words["echo"] == "Echo"
    assert all(re.fullmatch(r"GetSumH[0-9a-f]{16}", words[t]) for t in ("get-sum", "get_sum"))
