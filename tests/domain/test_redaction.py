"""Masking by value, and forgetting what was seen."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from app.domain.masker import Masker
from app.domain.seen_secrets import RecentSecrets

VALUE = "pläin/secret+value="
AWKWARD = 'pa"ss\\wörd\ttab'


def masker(*values: str) -> Masker:
    return Masker(values, shortest=8)


@pytest.mark.parametrize(
    "spelling",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
    ],
)
def test_every_usual_spelling_of_a_value_is_masked(spelling: str) -> None:
    assert masker(VALUE).text(f"<{spelling}>").rstrip("=>") == "<[secret]"


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_value_quoted_as_json_is_masked(ascii_only: bool) -> None:  # noqa: FBT001 - both spellings
    quoted = json.dumps({"key": AWKWARD}, ensure_ascii=ascii_only)
    assert masker(AWKWARD).text(quoted) == '{"key": "[secret]"}'


@pytest.mark.parametrize(
    "spelling",
    [
        "a%20(b)'c'*!%26%2F%3A",  # encodeURIComponent
        "a+(b)'c'*!%26/:",  # our own HTTP client, in a query
    ],
)
def test_a_value_in_an_address_is_masked_however_it_was_encoded(spelling: str) -> None:
    assert masker("a (b)'c'*!&/:").text(f"?key={spelling}&x") == "?key=[secret]&x"


def test_a_value_quoted_by_a_python_server_is_masked() -> None:
    assert masker(AWKWARD).text(f"bad: {AWKWARD!r}") == "bad: '[secret]'"


def test_a_value_inside_another_leaves_no_rest() -> None:
    assert masker("longer-value", "longer-value-2").text("x longer-value-2 x") == "x [secret] x"


def test_each_line_of_a_long_value_is_masked() -> None:
    key = "-----BEGIN KEY-----\nfirst-half-of-it\nsecond-half\n-----END KEY-----"
    masked = masker(key).text("log: second-half")
    assert masked == "log: [secret]"


def test_a_word_too_short_to_be_told_from_ordinary_text_stays() -> None:
    assert Masker(["seven77"], shortest=8).text("the word seven77 stays") == (
        "the word seven77 stays"
    )
    assert Masker(["seven77"], shortest=4).text("the word seven77 goes") == (
        "the word [secret] goes"
    )


def test_every_string_and_key_of_a_json_value_is_masked() -> None:
    value: dict[str, object] = {
        "a": VALUE,
        VALUE: {"b": [f"x{VALUE}x", {"c": [VALUE, 1, None, True, 1.5]}]},
        "n": 7,
    }
    assert masker(VALUE).json(value) == {
        "a": "[secret]",
        "[secret]": {"b": ["x[secret]x", {"c": ["[secret]", 1, None, True, 1.5]}]},
        "n": 7,
    }


def test_a_plain_string_is_masked_and_other_values_are_kept() -> None:
    assert masker(VALUE).json(f"<{VALUE}>") == "<[secret]>"
    assert masker(VALUE).json(5) == 5
    assert masker().json({"a": "b"}) == {"a": "b"}


def test_depth_is_no_limit_to_masking() -> None:
    deep: object = VALUE
    for level in range(50_000):
        deep = [deep] if level % 2 else {"k": deep}
    walked = masker(VALUE).json(deep)
    while isinstance(walked, list | dict):
        walked = walked[0] if isinstance(walked, list) else walked["k"]
    assert walked == "[secret]"


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_value_is_masked_for_an_hour_and_then_forgotten() -> None:
    clock = FakeClock()
    seen = RecentSecrets(clock)
    seen.note(["first-value"])
    clock.seconds += 2100
    seen.note(["second-value"])
    clock.seconds += 2100
    assert seen.mask("first-value second-value") == "[secret] [secret]"
    clock.seconds += 1
    assert seen.mask("first-value second-value") == "first-value [secret]"
    clock.seconds += 2100
    assert seen.mask("first-value second-value") == "first-value second-value"


def test_a_value_seen_again_is_masked_for_as_long_again() -> None:
    clock = FakeClock()
    seen = RecentSecrets(clock)
    seen.note(["early-value", "other-value"])
    clock.seconds += 4000
    seen.note(["early-value"])
    clock.seconds += 4000
    assert seen.mask("early-value other-value") == "[secret] other-value"


def test_the_longest_of_values_that_begin_alike_is_masked() -> None:
    seen = RecentSecrets(FakeClock())
    seen.note(["token", "token-long", "tok"])
    assert seen.mask("a token-long, a token, a tok") == "a [secret], a [secret], a tok"


def test_only_the_last_ten_thousand_values_are_kept() -> None:
    seen = RecentSecrets(FakeClock())
    seen.note([f"value-{n:06}" for n in range(10_001)])
    assert seen.mask("value-000000 value-000001 value-010000") == "value-000000 [secret] [secret]"
