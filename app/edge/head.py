"""The head of a request, looked at as the server hands it over: names in lower case, bytes."""

from starlette.types import Scope


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of that name; `name` is in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """Every header of that name."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def body_length(scope: Scope) -> int | None:
    """The length of the body as the head announces it; None where it says no number."""
    length = header_of(scope, b"content-length")
    return int(length) if length is not None and length.isdecimal() else None


def announces_body(scope: Scope) -> bool:
    """Whether the head announces a body (RFC 9112, section 6.3)."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )
