"""Reading JSON that says each thing once, and is no deeper than what can be sent on."""

import json
import re
from collections.abc import Iterable

import orjson

from app.domain.errors import AppError, invalid

# What is read can be written again inside a request of two levels more: orjson writes 254.
MAX_DEPTH = 250
# orjson reads 1024 levels, and says so before it finds out whether the rest is JSON.
TOO_DEEP_TO_READ = "depth limit exceeded"
NO_UTF8 = "str is not valid UTF-8"
TOO_LARGE = "number is infinity"
# In JSON a text before a colon is a key. Possessive, so that a long text costs no memory.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"([ \t\n\r]*+:)?', re.DOTALL)
_CONTAINERS = (dict, list)


def read_json(data: bytes) -> object:
    """The value in a JSON text.

    Python's dicts keep the last of two members with one name, others the first: what two programs
    understand differently is refused (RFC 8259, section 4).

    Raises:
        AppError: INVALID_INPUT for what is no JSON, is too deep, or names a member twice.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _unreadable(error) from None
    if not _is_plainly_fine(data, value):
        _look_closely(data, value)
    return value


def _is_plainly_fine(data: bytes, value: object) -> bool:
    """Whether writing the value anew shows at once that it is neither too deep nor lost a member.

    A lost member takes quotation marks with it, and only an escaped one can appear in its place.
    What compares equal is not counted: that looks at every byte of a large body.
    """
    try:
        written = orjson.dumps([[[[value]]]])  # as deep as orjson writes, less MAX_DEPTH
    except TypeError:
        return False
    if len(written) == len(data) + 8 and written.startswith(data, 4):
        return True
    is_escaped = b"\\" in data and b"\\u0022" in data
    return not is_escaped and data.count(b'"') == written.count(b'"')


def _look_closely(data: bytes, value: object) -> None:
    keys, depth = measure_json(value)
    if depth > MAX_DEPTH:
        raise _too_deep()
    found = _TEXT.findall(data)
    if len(found) - found.count(b"") != keys:
        raise _named_twice(data)


def measure_json(value: object) -> tuple[int, int]:
    """How many members its objects have in all, and how deep it goes."""
    keys = depth = 0
    level = [value] if type(value) in _CONTAINERS else []
    while level:
        depth += 1
        below: list[object] = []
        for item in level:
            children: Iterable[object] = item if isinstance(item, list) else ()
            if isinstance(item, dict):
                keys += len(item)
                children = item.values()
            below += [child for child in children if type(child) in _CONTAINERS]
        level = below
    return keys, depth


def _unreadable(error: orjson.JSONDecodeError) -> AppError:
    if error.msg.startswith(TOO_DEEP_TO_READ):
        return _too_deep()
    if error.msg.startswith(NO_UTF8):
        return invalid("The body is not valid UTF-8.", hint="Send JSON text in UTF-8.")
    if error.msg.startswith(TOO_LARGE):
        return invalid(
            f"The body has a number that is too large (at character {error.pos}).",
            hint="Send numbers of up to 1.7e308, and longer ones as strings.",
        )
    return invalid(
        f"The body is not valid JSON (at character {error.pos}).",
        hint="Send a JSON object with the header Content-Type: application/json.",
    )


def _too_deep() -> AppError:
    return invalid(f"The body is nested more than {MAX_DEPTH} levels deep.")


def _named_twice(data: bytes) -> AppError:
    def check(members: list[tuple[str, object]]) -> None:
        names: set[str] = set()
        for name, _ in members:
            if name in names:
                raise invalid(f"The field {name[:100]!r} is given twice; give it once.", name[:100])
            names.add(name)

    try:
        json.loads(data, object_pairs_hook=check)
    except AppError as error:
        return error
    return invalid("A field is given twice; give it once.")
