"""The sealed-text format: what opens, for ever, what does not open, ever, and why not."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.secret import SecretRef
from app.vault.parts import DamagedText, MovedText, SealedTextError, WrongKey
from app.vault.sealed_text import associated_data, data_key_id_of, open_sealed, seal
from tests.vault.keys import KEY, OTHER_KEY

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
ID, OTHER_ID = "00112233445566aa", "ffeeddccbbaa9988"
REF = SecretRef("ada", "weather", "API_KEY")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
SEALED = seal(KEY, ID, REF, "a value of some length")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
refs = st.builds(SecretRef, words, words, words)
keys = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("case", GOLDEN["v2_texts"], ids=lambda case: str(case["name"]))
def test_a_text_of_the_second_version_opens_for_ever(case: dict[str, Any]) -> None:
    data_key = next(k for k in GOLDEN["data_keys"] if k["owner"] == case["username"])
    ref = SecretRef(case["username"], case["server_name"], case["name"])
    assert data_key_id_of(case["sealed"]) == data_key["id"]
    key = bytes.fromhex(data_key["key_hex"])
    assert open_sealed(key, data_key["id"], ref, case["sealed"]) == case["value"]


def test_a_sealed_text_has_the_published_shape() -> None:
    version, used, tag, nonce, sealed = seal(KEY, ID, REF, "four").split(".")
    assert (version, used) == ("v2", ID)
    assert len(tag) == 11  # 8 bytes as unpadded base64url
    assert len(nonce) == 16  # 12 bytes
    assert len(sealed) == 27  # 4 bytes of text and 16 of GCM's tag


@given(refs, texts, keys)
def test_what_is_sealed_opens_at_its_place(ref: SecretRef, value: str, key: bytes) -> None:
    assert open_sealed(key, ID, ref, seal(key, ID, ref, value)) == value


@given(refs, refs)
def test_a_text_at_another_place_is_told_to_have_moved(here: SecretRef, there: SecretRef) -> None:
    assume(here != there)
    with pytest.raises(MovedText):
        open_sealed(KEY, ID, there, seal(KEY, ID, here, "value"))


@given(refs, refs, keys)
def test_a_text_under_another_data_key_is_told_by_that_keys_id(
    here: SecretRef, there: SecretRef, key: bytes
) -> None:
    with pytest.raises(WrongKey) as caught:
        open_sealed(key, OTHER_ID, there, seal(KEY, ID, here, "value"))
    assert caught.value.key_id == ID


def test_another_key_that_claims_the_same_id_opens_nothing() -> None:
    with pytest.raises(SealedTextError):
        open_sealed(OTHER_KEY, ID, REF, SEALED)


@settings(max_examples=400)
@given(st.integers(0, len(SEALED) - 1), st.sampled_from(ALPHABET))
def test_a_text_with_any_character_changed_is_told_to_be_damaged(
    position: int, character: str
) -> None:
    """Also in its key's id or its tag: those alone do not make it wrong or moved."""
    assume(SEALED[position] != character)
    changed = SEALED[:position] + character + SEALED[position + 1 :]
    with pytest.raises(DamagedText) as caught:
        open_sealed(KEY, ID, REF, changed)
    assert "a value of some length" not in str(caught.value)


@given(st.integers(0, len(SEALED) - 1))
def test_a_shortened_text_is_damaged(length: int) -> None:
    with pytest.raises(DamagedText):
        open_sealed(KEY, ID, REF, SEALED[:length])


@given(st.lists(st.sampled_from(range(5)), min_size=1, max_size=5))
def test_parts_of_two_texts_do_not_make_a_third(taken: list[int]) -> None:
    other = seal(KEY, ID, SecretRef("bob", "weather", "API_KEY"), "bob's").split(".")
    mixed = SEALED.split(".")
    for part in taken:
        mixed[part] = other[part]
    assume(mixed != SEALED.split("."))
    with pytest.raises((DamagedText, MovedText)):
        open_sealed(KEY, ID, REF, ".".join(mixed))


SPOILT = {
    "empty": "",
    "a version alone": "v2",
    "empty parts": "v2....",
    "an older version": "v1" + SEALED[2:],
    "a later version": "v3" + SEALED[2:],
    "a part too many": SEALED + ".x",
    "padding": SEALED + "=",
    "a line's end": SEALED + "\n",
    "a leading blank": " " + SEALED,
    "upper case": SEALED.upper(),
    "no sealed text": "plain value",
    "not ASCII": "v2.é.é.é.é",
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_no_sealed_text_is_damaged(how: str) -> None:
    with pytest.raises(DamagedText):
        open_sealed(KEY, ID, REF, SPOILT[how])


@given(st.tuples(st.sampled_from([ID, OTHER_ID]), refs), st.tuples(st.sampled_from([ID]), refs))
def test_no_two_places_share_an_encoding(
    one: tuple[str, SecretRef], other: tuple[str, SecretRef]
) -> None:
    assert (associated_data(*one) == associated_data(*other)) == (one == other)


def test_parts_of_a_place_cannot_slide_into_each_other() -> None:
    places = [SecretRef("ab", "c", "d"), SecretRef("a", "bc", "d"), SecretRef("a", "b", "cd")]
    assert len({associated_data(ID, place) for place in places}) == 3


def test_no_two_texts_share_a_nonce() -> None:
    texts = [seal(KEY, ID, REF, "same") for _ in range(1000)]
    assert len({text.split(".")[3] for text in texts}) == 1000
    assert len({text.split(".")[2] for text in texts}) == 1
