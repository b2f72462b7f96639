"""The original Node project's sealed text: `iv:tag:ciphertext` in hex, only ever opened.

AES-256-GCM under SHA-256 of the passphrase, without associated data: such a text opens in
whatever row it stands.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TAG_BYTES = 16
NONCE_SIZES = range(8, 65)  # the original takes 12 or 16


class NodeTextError(Exception):
    """The text does not open; the message completes "its value …"."""


def open_node_text(passphrase: str, text: str) -> str:
    """The value in a text of the original.

    Raises:
        NodeTextError: It was sealed with another passphrase, was changed, or is no such text.
    """
    nonce, tag, ciphertext = _split(text)
    key = hashlib.sha256(passphrase.encode()).digest()
    try:
        return AESGCM(key).decrypt(nonce, ciphertext + tag, None).decode()
    except InvalidTag:
        raise NodeTextError("does not open: another key sealed it, or it was changed") from None
    except UnicodeDecodeError:
        raise NodeTextError("is no text") from None


def _split(text: str) -> tuple[bytes, bytes, bytes]:
    try:
        nonce, tag, ciphertext = (bytes.fromhex(part) for part in text.split(":"))
    except ValueError:
        raise NodeTextError("is not of the form iv:tag:ciphertext in hex") from None
    if len(nonce) not in NONCE_SIZES or len(tag) != TAG_BYTES:
        raise NodeTextError("is not of the form iv:tag:ciphertext in hex")
    return nonce, tag, ciphertext
