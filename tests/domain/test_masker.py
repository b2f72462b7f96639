"""The quick way of masking finds whatever the plain one finds: every spelling, looked for one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.masker import LONG_TEXT, MOST_AT_ONCE, Masker
from app.domain.redaction import mask_text, spellings

LETTERS = "aB3é\n\"\\ /+%&='-_\u2028"
VALUES = st.lists(st.text(LETTERS, min_size=8, max_size=40), min_size=1, max_size=4, unique=True)


def plainly(values: list[str], text: str) -> str:
    return mask_text(text, spellings(values, shortest=8))


@st.composite
def values_and_text(draw: st.DrawFn) -> tuple[list[str], str]:
    """Values, and a text in which some of their spellings stand between other words."""
    values = draw(VALUES)
    forms = st.sampled_from(spellings(values, shortest=8))
    words = draw(st.lists(forms | st.text(LETTERS, max_size=10), max_size=6))
    return values, draw(st.sampled_from(["|", "", " "])).join(words)


@given(values_and_text())
@settings(max_examples=300)
def test_a_short_text_is_masked_as_if_every_spelling_were_looked_for(
    given_: tuple[list[str], str],
) -> None:
    values, text = given_
    assert Masker(values, shortest=8).text(text) == plainly(values, text)


@given(values_and_text())
def test_so_is_a_long_one(given_: tuple[list[str], str]) -> None:
    values, text = given_
    long = f"{'x ' * LONG_TEXT}{text}{' y' * LONG_TEXT}"
    assert Masker(values, shortest=8).text(long) == plainly(values, long)


@given(values_and_text())
def test_so_is_every_string_of_a_json_value(given_: tuple[list[str], str]) -> None:
    values, text = given_
    masked = plainly(values, text)
    seen = Masker(values, shortest=8).json([text, {"a": [text, 1]}, {text: None}])
    assert seen == [masked, {"a": [masked, 1]}, {masked: None}]


def test_more_values_than_can_be_looked_for_at_once_are_all_masked() -> None:
    values = [f"the value number {n}" for n in range(MOST_AT_ONCE)]
    text = f"{'x ' * LONG_TEXT}{values[0]} and {values[-1]}"
    assert Masker(values, shortest=8).text(text).endswith(" [secret] and [secret]")


def test_a_value_is_not_found_across_two_strings() -> None:
    halves = {"a": "first-", "b": "second"}
    assert Masker(["first-second"], shortest=8).json({**halves}) == halves
