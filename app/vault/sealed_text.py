"""The sealed-text format: `v2.<data key id>.<place tag>.<nonce>.<ciphertext>`.

Each part is base64url, unpadded. AES-256-GCM (NIST SP 800-38D) under the user's data key, with
a random 96-bit nonce for every text. The associated data is the version, the data key's id and
the secret's place, each part preceded by its length, so that a row that was moved elsewhere
does not open. The place tag, eight bytes of HMAC-SHA256 (RFC 2104) over the same data, tells
that such a row was moved, not damaged.

The first release sealed under the deployment key itself: `v1.<deployment key id>.<nonce>.
<ciphertext>`, with version and place as associated data. Those texts are opened for ever, by
the keyring, and sealed again by a rotation.
"""

import hashlib
import hmac
import re

from app.domain.secret import SecretRef
from app.vault.parts import (
    NONCE_BYTES,
    DamagedText,
    MovedText,
    SealedTextError,
    WrongKey,
    decode,
    decrypt,
    encode,
    encrypt,
    length_prefixed,
    split_text,
)

VERSION = "v2"
FIRST_VERSION = "v1"
PLACE_TAG_BYTES = 8
DATA_KEY_ID = re.compile(r"[0-9a-f]{16}")


def seal(key: bytes, key_id: str, ref: SecretRef, value: str) -> str:
    """The sealed text of a value at its place."""
    associated = associated_data(key_id, ref)
    nonce, ciphertext = encrypt(key, value.encode(), associated)
    return ".".join((VERSION, key_id, encode(_place_tag(key, associated)), nonce, ciphertext))


def open_sealed(key: bytes, key_id: str, ref: SecretRef, text: str) -> str:
    """The value sealed in a text at this place.

    Raises:
        WrongKey: It was sealed with another data key.
        MovedText: It was sealed with this one, for another place.
        DamagedText: Anything else.
    """
    used, tag, nonce, ciphertext = _split(text)
    associated = associated_data(key_id, ref)
    try:
        value = decrypt(key, nonce, ciphertext, associated).decode()
    except (DamagedText, UnicodeDecodeError):
        value = None
    is_here = hmac.compare_digest(tag, _place_tag(key, associated))
    if value is not None and used == key_id and is_here:
        return value
    raise _why(used, opens=value is not None, is_ours=used == key_id, is_here=is_here)


def is_first_version(text: str) -> bool:
    """Whether a text was sealed under a deployment key directly."""
    return text.startswith(FIRST_VERSION + ".")


def data_key_id_of(text: str) -> str:
    """The id of the data key that sealed a text.

    Raises:
        DamagedText: It is not a sealed text.
    """
    return _split(text)[0]


def parts_to_open(text: str) -> tuple[bytes, bytes]:
    """The nonce and the ciphertext of a text.

    Raises:
        DamagedText: It is not a sealed text.
    """
    _, _, nonce, ciphertext = _split(text)
    return nonce, ciphertext


def associated_data(key_id: str, ref: SecretRef) -> bytes:
    """The place of a secret under a data key as unambiguous bytes."""
    return length_prefixed(VERSION, key_id, ref.username, ref.server_name, ref.name)


def first_associated_data(ref: SecretRef) -> bytes:
    """The same as the first release wrote it: `v1`, user, server, name."""
    return length_prefixed(FIRST_VERSION, ref.username, ref.server_name, ref.name)


def _place_tag(key: bytes, associated: bytes) -> bytes:
    return hmac.digest(key, associated, hashlib.sha256)[:PLACE_TAG_BYTES]


def _why(used: str, *, opens: bool, is_ours: bool, is_here: bool) -> SealedTextError:
    """A text whose ciphertext opens here has merely lost its id or tag: that is damage."""
    if opens:
        return DamagedText("its parts do not belong together")
    if not is_ours:
        return WrongKey(used)
    if not is_here:
        return MovedText("it was sealed for another place")
    return DamagedText("it was changed after it was sealed")


def _split(text: str) -> tuple[str, bytes, bytes, bytes]:
    key_id, tag, nonce, ciphertext = split_text(text, VERSION, 4)
    if not DATA_KEY_ID.fullmatch(key_id):
        raise DamagedText("the key's id is none")
    return key_id, decode(tag, PLACE_TAG_BYTES), decode(nonce, NONCE_BYTES), decode(ciphertext)
