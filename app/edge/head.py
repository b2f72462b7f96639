"""The head of a request, looked at as the server hands it over: names in lower case, bytes."""

from collections.abc import Mapping

from starlette.types import Scope

Head = Mapping[bytes, bytes]
_KEY = "mcp_api.head"


def head_of(scope: Scope) -> Head:
    """The first header of each name; made once for a request."""
    head: dict[bytes, bytes] | None = scope.get(_KEY)
    if head is None:
        head = scope[_KEY] = dict(reversed(scope["headers"]))
    return head


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of that name; `name` is in lower case."""
    value = head_of(scope).get(name)
    return None if value is None else value.decode("latin-1")


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """Every header of that name."""
    if name not in head_of(scope):
        return []
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def body_length(head: Head) -> int | None:
    """The length of the body as the head announces it; None where it says no number."""
    length = head.get(b"content-length", b"")
    return int(length) if length.isdigit() else None


def announces_body(head: Head) -> bool:
    """Whether the head announces a body (RFC 9112, section 6.3)."""
    return head.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in head
