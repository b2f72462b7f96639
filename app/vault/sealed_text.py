"""The sealed-text format: `v1.<key id>.<nonce>.<ciphertext>`, each part base64url unpadded.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce for every text. The associated data
is the format's version and the secret's place, each part preceded by its length, so that no
two places share an encoding and a row that was moved elsewhere does not open.
"""

import base64
import binascii
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.secret import SecretRef

VERSION = "v1"
NONCE_BYTES = 12


class SealedTextError(Exception):
    """The text does not open with this key at this place, or is not a sealed text."""


def seal(key: bytes, key_id: str, ref: SecretRef, value: str) -> str:
    """The sealed text of a value at its place."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, value.encode(), associated_data(ref))
    return ".".join((VERSION, key_id, _encode(nonce), _encode(sealed)))


def key_id_of(text: str) -> str:
    """The id of the key that sealed a text.

    Raises:
        SealedTextError: It is not a sealed text.
    """
    return _split(text)[0]


def open_sealed(key: bytes, ref: SecretRef, text: str) -> str:
    """The value sealed in a text at this place.

    Raises:
        SealedTextError: Wrong key, damaged, moved, or not a sealed text.
    """
    _, nonce, sealed = _split(text)
    try:
        return AESGCM(key).decrypt(nonce, sealed, associated_data(ref)).decode()
    except (InvalidTag, ValueError):
        raise SealedTextError("the text does not open with this key at this place") from None


def associated_data(ref: SecretRef) -> bytes:
    """The place of a secret as unambiguous bytes: `v1`, user, server, name."""
    parts = (VERSION, ref.username, ref.server_name, ref.name)
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


def _split(text: str) -> tuple[str, bytes, bytes]:
    parts = text.split(".")
    if len(parts) != 4 or parts[0] != VERSION:
        raise SealedTextError("not a sealed text of a known version")
    nonce, sealed = _decode(parts[2]), _decode(parts[3])
    if len(nonce) != NONCE_BYTES:
        raise SealedTextError("the nonce has the wrong length")
    return parts[1], nonce, sealed


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SealedTextError("not base64url") from None
    if _encode(data) != text:  # one spelling only, so that a text cannot be varied unnoticed
        raise SealedTextError("not canonical base64url")
    return data
