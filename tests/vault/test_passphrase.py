"""Passphrases: which are taken, and what they become."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.vault.keys import key_id, parse_key_source
from app.vault.passphrase import KeyProblem, Passphrase, derive_key, read_passphrase

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", GOLDEN["passphrases"], ids=lambda case: str(case["key_id"]))
def test_a_passphrase_makes_the_same_key_for_ever(case: dict[str, Any]) -> None:
    passphrase = read_passphrase(case["passphrase"], "X")
    key = derive_key(passphrase, bytes.fromhex(case["salt_hex"]))
    assert (key.hex(), key_id(key)) == (case["key_hex"], case["key_id"])
    assert derive_key(passphrase, b"another salt".ljust(32)) != key


@pytest.mark.parametrize(
    "text",
    [
        "nine wet otters under a bridge", "Grüße an 17 Möwen", "kT7#mQ2!vL9@xR4$",
        "8f3a91c27be40d56", "tuvok-ananas-bremsklotz-41", "ひとつのながいあいことばです、ね"[:13] + "かきくけ",
        "V7pQ2mXk9LtR4sZw8NcB1yHd", "a very long passphrase whose words are many and have blanks",
    ],
)  # fmt: skip
def test_a_passphrase_of_enough_characters_is_taken(text: str) -> None:
    assert parse_key_source(text) == Passphrase(text)
    assert parse_key_source(f"  {text}\n") == Passphrase(text)


def test_one_passphrase_typed_in_two_ways_is_one() -> None:
    composed, decomposed = "Gr\u00fc\u00dfe an 17 M\u00f6wen", "Gru\u0308\u00dfe an 17 Mo\u0308wen"
    assert read_passphrase(composed, "X") == read_passphrase(decomposed, "X")


@pytest.mark.parametrize(
    "text",
    [
        "", "short", "fifteen letters"[:15], "changeme", "xK9!", "x" * 16, "x" * 39,
        "abababababababab", "abcdefgh-abcdefgh-", "1234567890123456", "abcdefghijklmnop",
        "changemechangeme", "changeme-changeme", "change_me_please_now", "my-secret-password",
        "ThisIsMySecretKey", "P@ssw0rdP@ssw0rd1", "default secret key", "example-passphrase",
        "supersecretpassword123", "correct horse battery staple", "qwertyuiopasdfgh",
        "1q2w3e4r5t6y7u8i", "tab\there and words too", "nine wet, otters under", "nul\0 in a passphrase",
        "lone \udcff surrogate is here",
    ],
)  # fmt: skip
def test_a_weak_passphrase_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(KeyProblem) as caught:
        parse_key_source(text, "SECRETS_KEY")
    said = str(caught.value)
    assert said.startswith("SECRETS_KEY ")
    assert "mcp-api keys make" in said
    assert len(text) < 5 or text not in said
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
