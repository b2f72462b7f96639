"""Checks on what arrives as free-form JSON or as an opaque text."""

import base64
import binascii
from collections.abc import Mapping

from app.domain.errors import invalid
from app.domain.page import PageRequest


def json_object(value: object, *path: str) -> Mapping[str, object]:
    """The value, which must be a JSON object.

    Raises:
        AppError: INVALID_INPUT.
    """
    if isinstance(value, dict):
        return value
    raise invalid(f"{path[-1]} must be a JSON object.", *path)


def string_map(value: object, *path: str) -> Mapping[str, str]:
    """The value, which must be a JSON object of strings.

    Raises:
        AppError: INVALID_INPUT.
    """
    strings: dict[str, str] = {}
    for name, item in json_object(value, *path).items():
        if not isinstance(item, str):
            raise invalid(f"{path[-1]}.{name} must be a string.", *path, name)
        strings[name] = item
    return strings


def page_request(listing: str, first: int, after: str | None) -> PageRequest:
    """The page behind a connection's arguments; `listing` names it, and its order if it has some.

    Raises:
        AppError: INVALID_INPUT for a text that is no cursor, or one of another listing.
    """
    if after is None:
        return PageRequest(first)
    given, _, key = decode_opaque(after, "after").partition("\0")
    if given != listing:
        raise invalid(
            "after is no cursor of this listing in this order.",
            "after",
            hint="Use it with the field and the orderBy that it came from.",
        )
    return PageRequest(first, key)


def cursor_of(listing: str, key: str) -> str:
    """The cursor of the entry with that key."""
    return encode_opaque(f"{listing}\0{key}")


def encode_opaque(key: str) -> str:
    """A key as an opaque text: cursors and ids are not for people to build."""
    return base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()


def decode_opaque(text: str, *path: str) -> str:
    """The key in an opaque text.

    Raises:
        AppError: INVALID_INPUT.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return data.decode()
    except (binascii.Error, ValueError):
        raise invalid(
            f"{path[-1]} is not one that this server gave out.",
            *path,
            hint="Use it exactly as it was returned.",
        ) from None
