"""Opening the same sealed texts again: taken apart once, deciphered each time."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.secret import SealedSecret
from app.vault.envelope import OpenDataKey
from app.vault.sealed_text import associated_data, parts_to_open


class PreparedTexts:
    """One owner's secrets, each of which is known to open.

    It holds an opened data key: whoever keeps it drops it within a minute.
    """

    __slots__ = ("_cipher", "_texts")

    def __init__(self, opened: OpenDataKey, secrets: Sequence[SealedSecret]) -> None:
        self._cipher = AESGCM(opened.key)
        self._texts = [
            (s.ref.name, *parts_to_open(s.sealed), associated_data(opened.id, s.ref))
            for s in secrets
        ]

    def open(self) -> dict[str, str]:
        """The values by name; for one call, then dropped."""
        decrypt = self._cipher.decrypt
        return {
            name: decrypt(nonce, ciphertext, associated).decode()
            for name, nonce, ciphertext, associated in self._texts
        }
