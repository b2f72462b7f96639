"""The head of a request, looked at as the server hands it over: names in lower case, bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.types import ASGIApp, Scope

RAW_ID = b"x-request-id"
# What may come from outside goes into logs and answers: no spaces, no line breaks, not too long.
ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._:+/=-]{1,128}")
_KEY = "mcp_api.head"


class Head:
    """The headers, and what they say about the request.

    Our own server hands on one and the same for requests whose heads are equal, byte for byte:
    what depends on nothing else is found out once. So `door` is what such a request is let in to,
    if it was asked for before, and `is_public` whether it needs no caller.
    """

    __slots__ = (
        "accept", "announces_body", "authorization", "body_length", "door", "first", "headers",
        "is_public", "request_id",
    )  # fmt: skip

    def __init__(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self.headers = headers
        self.first = first = dict(reversed(headers))
        length = first.get(b"content-length", b"")
        self.body_length = int(length) if length.isdigit() else None
        # RFC 9112, section 6.3
        self.announces_body = (
            first.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in first
        )
        self.accept = first.get(b"accept", b"").decode("latin-1")
        self.authorization = authorization_of(self.all(b"authorization"))
        given = first.get(RAW_ID, b"")
        self.request_id = given.decode("ascii") if ACCEPTED_ID.fullmatch(given) else None
        self.door: ASGIApp | None = None
        self.is_public = False

    def all(self, name: bytes) -> list[str]:
        """Every header of that name; `name` is in lower case."""
        if name not in self.first:
            return []
        return [value.decode("latin-1") for key, value in self.headers if key == name]


def head_of(scope: Scope) -> Head:
    """The request's; made here where the server has not done so."""
    try:
        head: Head = scope[_KEY]
    except KeyError:
        head = scope[_KEY] = Head(scope["headers"])
    return head


def authorization_of(found: Sequence[str]) -> str | None:
    """The Authorization header; two of them are as good as a malformed one."""
    return None if not found else ", ".join(found)
