"""What every sealed text is made of: base64url parts, one cipher, and three ways to fail."""

import base64
import binascii
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SealedTextError(Exception):
    """The text does not open; the message completes "it cannot be opened: …"."""


class WrongKey(SealedTextError):
    """It was sealed with a key that is not here."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"it was sealed with the key {key_id!r}")
        self.key_id = key_id


class MovedText(SealedTextError):
    """It was sealed, with this very key, for another place."""


class DamagedText(SealedTextError):
    """It was changed since it was sealed, or never was a sealed text."""


def encrypt(key: bytes, plain: bytes, associated: bytes) -> tuple[str, str]:
    """A new nonce and the ciphertext, encoded (AES-256-GCM, NIST SP 800-38D)."""
    nonce = os.urandom(NONCE_BYTES)
    return encode(nonce), encode(AESGCM(key).encrypt(nonce, plain, associated))


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """The plain bytes.

    Raises:
        DamagedText: They do not open with this key and associated data.
    """
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except (InvalidTag, ValueError):
        raise DamagedText("the text does not open with this key at this place") from None


def length_prefixed(*parts: str) -> bytes:
    """The parts as bytes, each preceded by its length: no two sequences share an encoding."""
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


def split_text(text: str, version: str, parts: int) -> list[str]:
    """What follows the version, not decoded yet.

    Raises:
        DamagedText: It is of another version, or has another number of parts.
    """
    found, *rest = text.split(".")
    if found != version or len(rest) != parts:
        raise DamagedText("not a sealed text of a known version")
    return rest


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str, size: int | None = None) -> bytes:
    """The bytes of unpadded base64url, in its one canonical spelling.

    Raises:
        DamagedText: It is none, or not `size` bytes.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise DamagedText("not base64url") from None
    if encode(data) != text:  # one spelling only, so that a text cannot be varied unnoticed
        raise DamagedText("not canonical base64url")
    if size is not None and len(data) != size:
        raise DamagedText("a part has the wrong length")
    return data
