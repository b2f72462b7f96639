"""The deployment's key: from `SECRETS_KEY`, or made once and kept in a private file."""

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
from pathlib import Path

KEY_BYTES = 32
KEY_FILE = "secrets.key"
HOW_TO_MAKE = "Make one with: openssl rand -base64 32"


class KeyProblem(Exception):
    """The key cannot be used; the message says why and what to do, and holds no key material."""


def parse_key(text: str) -> bytes:
    """The 32 bytes of a key written as 64 hex digits or as base64.

    Raises:
        KeyProblem: It is neither, or of another length, or obviously not random.
    """
    text = text.strip()
    try:
        if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
            key = bytes.fromhex(text)
        else:
            padded = text + "=" * (-len(text) % 4)
            key = base64.b64decode(padded, altchars=b"-_" if set(text) & set("-_") else None,
                                   validate=True)  # fmt: skip
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyProblem(f"SECRETS_KEY must be 32 bytes as base64 or 64 hex digits. {HOW_TO_MAKE}")
    if len(set(key)) < 8:
        raise KeyProblem(f"SECRETS_KEY is not random. {HOW_TO_MAKE}")
    return key


def key_id(key: bytes) -> str:
    """A short public name of a key, from which nothing about it can be learnt."""
    return hashlib.sha256(b"mcp-api key id\0" + key).hexdigest()[:12]


def load_or_make_key_file(folder: Path, *, may_make: bool) -> bytes:
    """The key kept in `folder`, made now if there is none; the file is for its owner only.

    Raises:
        KeyProblem: The file is missing and may not be made, holds no key, or others may read it.
    """
    path = folder / KEY_FILE
    if not may_make and not path.exists():
        raise KeyProblem(
            f"The key file {path} is missing, but there is a database already. Restore the file "
            "from a backup: without it the stored secrets cannot be opened. If they may be lost, "
            f"make a new one: (umask 077; openssl rand -base64 32 > {path})"
        )
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        _make(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyProblem(f"Others may read the key file {path}. Run: chmod 600 {path}")
        text = file.read()
    try:
        return parse_key(text)
    except KeyProblem:
        raise KeyProblem(
            f"The key file {path} holds no key. Restore it from a backup: without it the stored "
            "secrets cannot be opened. If there are none, delete the file."
        ) from None


def _make(path: Path) -> None:
    """Write a new key so that after a crash the file is whole or absent."""
    draft = path.with_suffix(f".{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
