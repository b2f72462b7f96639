"""Names of servers, tools, arguments and enum values as GraphQL names, and back.

A GraphQL name has ASCII letters, digits and `_`, begins with no digit, and not with `__`
(GraphQL spec, October 2021, sections 2.1.9 and 2.10). Names that are such names stay what they
are, nearly always. In all others `-` becomes `__`, and any other character `_x<code point>_`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

MAX_NAME_CHARACTERS = 256
EMPTY = "_x_"
# Enum values may not have these names; nothing else has them often enough to mind.
RESERVED = frozenset({"true", "false", "null"})
MAX_WORD_CHARACTERS = 60

_PLAIN = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_MARK = re.compile(r"__|_x[0-9a-f]{0,6}_")
_ENCODED = re.compile(r"__|_x([0-9a-f]{1,6})_")
_LOOKS_ENCODED = re.compile(r"_|x[0-9a-f]{0,6}_")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]")


def encode_name(text: str) -> str:
    """The GraphQL name of a text; no two texts have the same."""
    if _PLAIN.fullmatch(text) and text not in RESERVED and not _MARK.search(text):
        return text
    if not text:
        return EMPTY
    if text in RESERVED:
        return _escape(text[0]) + text[1:]
    encoded = ""
    for index in range(len(text) - 1, -1, -1):
        encoded = _encode(text[index], encoded, is_first=index == 0) + encoded
    return encoded


def decode_name(name: str) -> str | None:
    """The text whose GraphQL name this is; None where it is no text's."""
    try:
        text = "" if name == EMPTY else _ENCODED.sub(_decoded, name)
    except ValueError:
        return None
    return text if encode_name(text) == name else None


def type_words(texts: Iterable[str]) -> dict[str, str]:
    """For each text a word such as `GetSum` for names of types: letters and digits, all different.

    It is made of the text alone, but where two would be the same: those carry a hash.
    """
    words = {text: _pascal(text) for text in texts}
    times = Counter(words.values())
    taken: set[str] = set()
    for text, word in words.items():
        is_short = 0 < len(word) <= MAX_WORD_CHARACTERS
        own = (
            word if is_short and times[word] == 1 else f"{word[:MAX_WORD_CHARACTERS]}H{_hash(text)}"
        )
        while own in taken:  # somebody made it so
            own += "X"
        taken.add(own)
        words[text] = own
    return words


def _encode(character: str, rest: str, *, is_first: bool) -> str:
    """One character, before the encoded rest."""
    if character == "_":
        return _escape(character) if _LOOKS_ENCODED.match(rest) else character
    if character == "-" and not is_first:
        return "__"
    is_plain = character.isascii() and character.isalnum()
    return (
        character if is_plain and not (is_first and character.isdecimal()) else _escape(character)
    )


def _escape(character: str) -> str:
    return f"_x{ord(character):x}_"


def _decoded(found: re.Match[str]) -> str:
    code = found[1]
    return "-" if code is None else chr(int(code, 16))


def _pascal(text: str) -> str:
    words = "".join(word[0].upper() + word[1:] for word in _WORD.findall(text))
    return f"N{words}" if words[:1].isdecimal() else words


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
