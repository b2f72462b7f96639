"""The deployment's keys: from settings, from a file, or made once and kept in a private file.

How a key is told from a passphrase, in this order, blanks at the ends removed:

1. 64 hex digits, or base64 (either alphabet, padded or not) of exactly 32 bytes: a key.
2. The same with blanks or line breaks inside: a key that was broken up, and refused.
3. 40 or more characters without a blank: a mistyped key, and refused; a passphrase of that length
   needs a blank.
4. Anything else is a passphrase, of at least 16 characters, by the rules of `passphrase.py`.
"""

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from app.vault.passphrase import HOW_TO_MAKE, KEY_BYTES, KeyProblem, Passphrase, read_passphrase

KEY_FILE = "secrets.key"
MISTYPED_KEY_LENGTH = 40
LARGEST_FILE = 4096

KeySource: TypeAlias = bytes | Passphrase


def parse_key(text: str, setting: str = "SECRETS_KEY") -> bytes:
    """The 32 bytes of a key written as 64 hex digits or as base64.

    Raises:
        KeyProblem: It is neither, or of another length, or obviously not random.
    """
    key = _decode(text.strip())
    if key is None:
        raise KeyProblem(f"{setting} must be 32 bytes as base64 or 64 hex digits. {HOW_TO_MAKE}")
    if len(set(key)) < 8:
        raise KeyProblem(f"{setting} is not random. {HOW_TO_MAKE}")
    return key


def parse_key_source(text: str, setting: str = "SECRETS_KEY") -> KeySource:
    """A key, or a passphrase to make one of; the module's docstring says how they are told apart.

    Raises:
        KeyProblem: It looks like a key and is none, or is too weak.
    """
    text = text.strip()
    if _decode(text) is not None:
        return parse_key(text, setting)
    if _decode("".join(text.split())) is not None:
        raise KeyProblem(f"{setting} is a key with blanks or line breaks in it. Remove them.")
    if len(text) >= MISTYPED_KEY_LENGTH and not any(c.isspace() for c in text):
        raise KeyProblem(
            f"{setting} looks like a mistyped key: a key is 32 bytes as base64 or 64 hex digits, "
            f"and a passphrase of {MISTYPED_KEY_LENGTH} characters or more has blanks between its "
            f"words. {HOW_TO_MAKE}"
        )
    return read_passphrase(text, setting)


def parse_old_keys(text: str) -> Sequence[KeySource]:
    """The keys and passphrases of `SECRETS_KEYS_OLD`, which are separated by commas.

    Raises:
        KeyProblem: One of them cannot be used; it is told by its position.
    """
    parts = [part.strip() for part in text.split(",")]
    return [
        parse_key_source(part, f"Entry {number} of SECRETS_KEYS_OLD")
        for number, part in enumerate(parts, 1)
        if part
    ]


def key_id(key: bytes) -> str:
    """A short public name of a key, from which nothing about it can be learnt."""
    return hashlib.sha256(b"mcp-api key id\0" + key).hexdigest()[:12]


def make_key() -> str:
    """A new random key as base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def read_key_file(path: Path) -> KeySource:
    """The key or passphrase in a file that somebody else made.

    Raises:
        KeyProblem: It cannot be read, others may read it, or it holds no key.
    """
    text = read_mounted(path, "SECRETS_KEY_FILE")
    return parse_key_source(text, f"The content of SECRETS_KEY_FILE={path}")


def read_mounted(path: Path, setting: str) -> str:
    """The secret in a file that somebody else made; links are followed.

    A file that belongs to another user may be readable by our group: this is how orchestrators
    hand a secret to a process without privileges.

    Raises:
        KeyProblem: It cannot be read, or others may read it.
    """
    try:
        # Not blocking, so that a pipe is refused and not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise KeyProblem(f"{setting}={path} cannot be read: {error.strerror}.") from None
    try:
        _check_mounted(path, setting, os.fstat(descriptor))
        data = os.read(descriptor, LARGEST_FILE)
    finally:
        os.close(descriptor)
    return data.decode("utf-8", errors="replace")


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


def _check_mounted(path: Path, setting: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyProblem(f"{setting}={path} is not a file.")
    ours = 0o070 if found.st_uid == os.geteuid() else 0
    if found.st_mode & (0o007 | ours):
        raise KeyProblem(f"Others may read {setting}={path}. Run: chmod 600 {path}")


def _make(path: Path) -> None:
    """Write a new key so that after a crash the file is whole or absent."""
    draft = path.with_suffix(f".{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(make_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _decode(text: str) -> bytes | None:
    """The 32 bytes that a text spells; None when it does not."""
    try:
        if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
            return bytes.fromhex(text)
        padded = text + "=" * (-len(text) % 4)
        altchars = b"-_" if set(text) & set("-_") else None
        key = base64.b64decode(padded, altchars=altchars, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None
