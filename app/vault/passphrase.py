"""Passphrases that stand for a deployment key: which are good enough, and how they become one.

A passphrase is stretched by scrypt (RFC 7914) with a salt that is stored in the database, so that
nobody can prepare guesses before they have a copy of it.
"""

import hashlib
import itertools
import unicodedata
from dataclasses import dataclass, field

KEY_BYTES = 32
SHORTEST = 16
FEWEST_DISTINCT = 8
HOW_TO_MAKE = "Make one with: mcp-api keys make (or: openssl rand -base64 32)"
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
SCRYPT_MEMORY = 2 * 128 * SCRYPT_N * SCRYPT_R

# What examples, templates and lists of common passwords are made of.
DEFAULT_WORDS = (
    "correcthorsebatterystaple", "1234567890", "0123456789", "qwertzuiop", "qwertyuiop",
    "placeholder", "passphrase", "1q2w3e4r5t", "asdfghjkl", "changethis", "replaceme", "passwort",
    "insecure", "changeit", "changeme", "password", "yxcvbnm", "zxcvbnm", "letmein", "welcome",
    "default", "example", "testing", "secrets", "mcpapi", "qwerty", "qwertz", "sample", "secret",
    "change", "abc123", "please", "admin", "super", "12345", "test", "demo", "this", "your", "here",
    "key", "the", "dev", "my",
)  # fmt: skip
SIMPLE_SPELLINGS = str.maketrans("@4301$57", "aaeoisst")
SEPARATORS = str.maketrans("", "", " \t-_.:;/")


class KeyProblem(Exception):
    """The key cannot be used; the message says why and what to do, and holds no key material."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A text to make a key of."""

    text: str = field(repr=False)


def read_passphrase(text: str, setting: str) -> Passphrase:
    """The passphrase, in Unicode's composed form (RFC 8265, section 4.2).

    Raises:
        KeyProblem: It is too short, or one that others would guess.
    """
    text = unicodedata.normalize("NFC", text)
    if len(text) < SHORTEST:
        raise KeyProblem(
            f"{setting} must be 32 bytes as base64 or 64 hex digits, or a passphrase of at least "
            f"{SHORTEST} characters. {HOW_TO_MAKE}"
        )
    if not text.isprintable() or "," in text:
        raise KeyProblem(
            f"{setting} must be printable, and without a comma, which separates the keys in "
            f"SECRETS_KEYS_OLD. {HOW_TO_MAKE}"
        )
    if len(set(text.casefold())) < FEWEST_DISTINCT or _repeats(text) or _counts(text):
        raise KeyProblem(f"{setting} is too easy to guess: it repeats itself. {HOW_TO_MAKE}")
    if _is_default_looking(text):
        raise KeyProblem(f"{setting} is too easy to guess: it looks like a default. {HOW_TO_MAKE}")
    return Passphrase(text)


def derive_key(passphrase: Passphrase, salt: bytes) -> bytes:
    """The key that a passphrase stands for; takes some 100 ms and 32 MiB."""
    return hashlib.scrypt(
        passphrase.text.encode(),
        salt=salt,
        n=SCRYPT_N,
        r=SCRYPT_R,
        p=SCRYPT_P,
        maxmem=SCRYPT_MEMORY,
        dklen=KEY_BYTES,
    )


def _repeats(text: str) -> bool:
    """Whether it is a shorter text several times over."""
    return text in (text + text)[1:-1]


def _counts(text: str) -> bool:
    """Whether half of its neighbours are equal or follow each other, as in abcd or 4321."""
    steps = [abs(ord(a) - ord(b)) for a, b in itertools.pairwise(text)]
    return 2 * sum(step <= 1 for step in steps) >= len(steps)


def _is_default_looking(text: str) -> bool:
    """Whether half of it is words from examples and lists of common passwords."""
    plain = text.casefold().translate(SEPARATORS)
    return any(_is_mostly_default(form) for form in (plain, plain.translate(SIMPLE_SPELLINGS)))


def _is_mostly_default(plain: str) -> bool:
    rest = plain
    for word in DEFAULT_WORDS:
        rest = rest.replace(word, "")
    return 2 * len(rest) <= len(plain)
