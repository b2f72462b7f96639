"""The sealed-text format: what opens, for ever, and what does not open, ever."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SealedSecret, SecretRef
from app.vault.keys import key_id
from app.vault.sealed_text import (
    SealedTextError,
    associated_data,
    key_id_of,
    open_sealed,
    seal,
)
from app.vault.vault import SingleKeyVault

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
KEY = bytes(range(7, 39))
OTHER_KEY = bytes(range(8, 40))
REF = SecretRef("ada", "weather", "API_KEY")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
refs = st.builds(SecretRef, words, words, words)


@pytest.mark.parametrize("case", GOLDEN["texts"], ids=lambda case: str(case["name"]))
def test_a_text_sealed_by_the_first_release_opens(case: dict[str, Any]) -> None:
    key = bytes.fromhex(GOLDEN["key_hex"])
    ref = SecretRef(case["username"], case["server_name"], case["name"])
    assert key_id(key) == GOLDEN["key_id"] == key_id_of(case["sealed"])
    assert open_sealed(key, ref, case["sealed"]) == case["value"]
    assert SingleKeyVault(key).open(SealedSecret(ref, case["sealed"])) == case["value"]


def test_a_sealed_text_has_the_published_shape() -> None:
    version, used, nonce, sealed = seal(KEY, key_id(KEY), REF, "four").split(".")
    assert (version, used) == ("v1", key_id(KEY))
    assert len(nonce) == 16  # 12 bytes as unpadded base64url
    assert len(sealed) == 27  # 4 bytes of text and 16 of tag


@given(refs, st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_what_is_sealed_opens_at_its_place(ref: SecretRef, value: str) -> None:
    assert open_sealed(KEY, ref, seal(KEY, key_id(KEY), ref, value)) == value


@given(refs, refs)
def test_a_text_moved_to_another_place_does_not_open(here: SecretRef, there: SecretRef) -> None:
    assume(here != there)
    sealed = seal(KEY, key_id(KEY), here, "value")
    with pytest.raises(SealedTextError):
        open_sealed(KEY, there, sealed)


@given(refs, refs)
def test_no_two_places_share_an_encoding(one: SecretRef, other: SecretRef) -> None:
    assert (associated_data(one) == associated_data(other)) == (one == other)


def test_parts_of_a_place_cannot_slide_into_each_other() -> None:
    places = [SecretRef("ab", "c", "d"), SecretRef("a", "bc", "d"), SecretRef("a", "b", "cd")]
    assert len({associated_data(place) for place in places}) == 3


SEALED = seal(KEY, key_id(KEY), REF, "a value of some length")


@settings(max_examples=300)
@given(st.integers(0, len(SEALED) - 1), st.sampled_from(ALPHABET))
def test_a_text_with_any_character_changed_does_not_open(position: int, character: str) -> None:
    assume(SEALED[position] != character)
    changed = SEALED[:position] + character + SEALED[position + 1 :]
    with pytest.raises(AppError) as caught:
        SingleKeyVault(KEY).open(SealedSecret(REF, changed))
    assert caught.value.code is ErrorCode.SECRET_UNREADABLE
    assert "a value of some length" not in caught.value.sentence()


@given(st.integers(0, len(SEALED) - 1))
def test_a_shortened_text_does_not_open(length: int) -> None:
    with pytest.raises(SealedTextError):
        open_sealed(KEY, REF, SEALED[:length])


@pytest.mark.parametrize("text", ["", "v1", "v1...", "v2" + SEALED[2:], SEALED + ".x", SEALED + "=",
                                  SEALED + "\n", " " + SEALED, "plain value", "v1.é.é.é"])  # fmt: skip
def test_what_is_no_sealed_text_does_not_open(text: str) -> None:
    with pytest.raises(SealedTextError):
        open_sealed(KEY, REF, text)


def test_no_two_texts_share_a_nonce() -> None:
    texts = [seal(KEY, key_id(KEY), REF, "same") for _ in range(1000)]
    assert len({text.split(".")[2] for text in texts}) == 1000
    assert len(set(texts)) == 1000


def test_another_key_is_named_as_the_reason() -> None:
    sealed = SealedSecret(REF, SingleKeyVault(OTHER_KEY).seal(REF, "planted-value"))
    with pytest.raises(AppError) as caught:
        SingleKeyVault(KEY).open(sealed)
    assert caught.value.code is ErrorCode.SECRET_UNREADABLE
    assert caught.value.message == (
        "The stored secret 'API_KEY' for server 'weather' cannot be opened: "
        f"it was sealed with the key '{key_id(OTHER_KEY)}'."
    )


def test_a_moved_row_is_told_from_another_key() -> None:
    vault = SingleKeyVault(KEY)
    moved = SealedSecret(replace(REF, username="bob"), vault.seal(REF, "planted-value"))
    with pytest.raises(AppError) as caught:
        vault.open(moved)
    assert caught.value.message == (
        "The stored secret 'API_KEY' for server 'weather' cannot be opened: "
        "the text does not open with this key at this place."
    )


def test_a_vault_and_its_errors_show_neither_key_nor_value() -> None:
    vault = SingleKeyVault(KEY)
    assert repr(vault) == f"SingleKeyVault(key_id='{key_id(KEY)}')"
    assert vault.key_id not in KEY.hex()
    with pytest.raises(AppError) as caught:
        vault.open(SealedSecret(replace(REF, name="OTHER"), vault.seal(REF, "planted-value")))
    told = repr(caught.value) + str(caught.value) + repr(caught.value.__dict__)
    for secret in ("planted-value", KEY.hex(), repr(KEY)):
        assert secret not in told
    assert caught.value.__cause__ is None
