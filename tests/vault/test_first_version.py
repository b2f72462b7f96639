"""What the first release sealed under the deployment key itself: it opens for ever."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SealedSecret, SecretRef
from app.vault.keys import key_id
from app.vault.parts import SealedTextError
from app.vault.sealed_text import first_associated_data, is_first_version
from tests.vault.first_version import seal_v1
from tests.vault.keys import KEY, OTHER_KEY, keyring, vault

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
REF = SecretRef("ada", "weather", "API_KEY")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
SEALED = seal_v1(KEY, REF, "a value of some length")

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
refs = st.builds(SecretRef, words, words, words)


async def opened(ref: SecretRef, text: str, *keys: bytes) -> str:
    values = await vault(*(keys or (KEY,))).open_all(None, [SealedSecret(ref, text)])
    return values[ref.name]


@pytest.mark.parametrize("case", GOLDEN["texts"], ids=lambda case: str(case["name"]))
async def test_a_text_sealed_by_the_first_release_opens(case: dict[str, Any]) -> None:
    key = bytes.fromhex(GOLDEN["key_hex"])
    ref = SecretRef(case["username"], case["server_name"], case["name"])
    assert key_id(key) == GOLDEN["key_id"] == case["sealed"].split(".")[1]
    assert is_first_version(case["sealed"])
    assert await opened(ref, case["sealed"], key) == case["value"]
    assert await opened(ref, case["sealed"], OTHER_KEY, key) == case["value"]


@given(refs, st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
async def test_what_was_sealed_opens_at_its_place(ref: SecretRef, value: str) -> None:
    assert await opened(ref, seal_v1(KEY, ref, value)) == value


@given(refs, refs)
async def test_a_text_moved_to_another_place_does_not_open(
    here: SecretRef, there: SecretRef
) -> None:
    assume(here != there)
    with pytest.raises(AppError) as caught:
        await opened(there, seal_v1(KEY, here, "value"))
    assert caught.value.code is ErrorCode.SECRET_UNREADABLE


@given(refs, refs)
def test_no_two_places_share_an_encoding(one: SecretRef, other: SecretRef) -> None:
    assert (first_associated_data(one) == first_associated_data(other)) == (one == other)


@settings(max_examples=300)
@given(st.integers(0, len(SEALED) - 1), st.sampled_from(ALPHABET))
async def test_a_text_with_any_character_changed_does_not_open(
    position: int, character: str
) -> None:
    assume(SEALED[position] != character)
    changed = SEALED[:position] + character + SEALED[position + 1 :]
    with pytest.raises(AppError) as caught:
        await opened(REF, changed)
    assert caught.value.code in (ErrorCode.SECRET_UNREADABLE, ErrorCode.SECRET_KEY_MISSING)
    assert "a value of some length" not in caught.value.sentence()


@given(st.integers(0, len(SEALED) - 1))
async def test_a_shortened_text_does_not_open(length: int) -> None:
    with pytest.raises(SealedTextError):
        await keyring().unwrap(SEALED[:length], first_associated_data(REF))


async def test_another_deployment_key_is_named_as_the_reason() -> None:
    with pytest.raises(AppError) as caught:
        await opened(REF, seal_v1(OTHER_KEY, REF, "planted-value"))
    assert caught.value.code is ErrorCode.SECRET_KEY_MISSING
    assert caught.value.sentence() == (
        "The stored secret 'API_KEY' for server 'weather' cannot be opened: it was sealed with "
        f"the deployment key '{key_id(OTHER_KEY)}', which this process does not have. Add that "
        "key to SECRETS_KEYS_OLD; if it is lost, set the secret again."
    )
