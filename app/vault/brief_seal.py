"""Sealing what is kept for moments only, in this process, for this process."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class BriefSeal:
    """AES-256-GCM under a key that is made with this object and stored nowhere."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(256))

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The sealed text; it opens at no other place."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """What was sealed there.

        Raises:
            InvalidTag: It is not of this place, or not of this process.
        """
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
