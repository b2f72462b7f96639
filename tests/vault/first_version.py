"""Sealing as the first release did; the product only opens such texts."""

import base64
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.secret import SecretRef
from app.vault.keys import key_id
from app.vault.sealed_text import first_associated_data


def seal_v1(key: bytes, ref: SecretRef, value: str) -> str:
    """`v1.<key id>.<nonce>.<ciphertext>`."""
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, value.encode(), first_associated_data(ref))
    return f"v1.{key_id(key)}.{_encode(nonce)}.{_encode(sealed)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
