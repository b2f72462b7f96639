"""The original's sealed text, against vectors made with Node's own crypto in its format."""

import hashlib
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from app.vault.node_format import NodeTextError, open_node_text

PASSPHRASE = "the old passphrase"


def seal_as_node(passphrase: str, value: str, nonce: bytes) -> str:
    key = hashlib.sha256(passphrase.encode()).digest()
    sealed = AESGCM(key).encrypt(nonce, value.encode(), None)
    return f"{nonce.hex()}:{sealed[-16:].hex()}:{sealed[:-16].hex()}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "32185c40d9049c748c9e4949:d2d1a4e7d4d07b80df423336a808579d:e382e08b6fbbaf690387fb",
            "ghp_planted",
        ),
        (
            "43204b9d3e79fb477e75454d3637cc5a:89bf089cc115699cb180aebfd499d67b:2a02da00944d753d1a1aa2481dbefedc3ec7",
            "zwölf Katzen 🐈",
        ),
        ("694c000344359386f8a01e32a6bf6fdd:feb612288125d1fb33c467f9b6e2f1ff:", ""),
    ],
)
def test_what_node_has_sealed_opens(text: str, value: str) -> None:
    assert open_node_text(PASSPHRASE, text) == value


@given(st.text(), st.sampled_from([12, 16]))
def test_every_value_opens(value: str, size: int) -> None:
    assert open_node_text(PASSPHRASE, seal_as_node(PASSPHRASE, value, os.urandom(size))) == value


def test_another_passphrase_is_told() -> None:
    sealed = seal_as_node(PASSPHRASE, "x", bytes(12))
    with pytest.raises(NodeTextError, match="another key"):
        open_node_text("another", sealed)


@given(st.integers(min_value=0, max_value=31), st.integers(min_value=1, max_value=255))
def test_a_changed_text_does_not_open(at: int, by: int) -> None:
    sealed = bytearray.fromhex(seal_as_node(PASSPHRASE, "x" * 16, bytes(12)).replace(":", ""))
    sealed[12 + at] ^= by
    raw = sealed.hex()
    with pytest.raises(NodeTextError, match="does not open"):
        open_node_text(PASSPHRASE, f"{raw[:24]}:{raw[24:56]}:{raw[56:]}")


@pytest.mark.parametrize(
    "text", ["", "a:b:c", "00:00", "::", f"{'0' * 24}:{'0' * 30}:00", "x" * 99]
)
def test_what_is_no_such_text_is_told(text: str) -> None:
    with pytest.raises(NodeTextError, match="not of the form"):
        open_node_text(PASSPHRASE, text)


@given(st.text())
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(NodeTextError):
        open_node_text(PASSPHRASE, text)
