"""Addresses of HTTP servers, and the headers that may be declared for them."""

import re
from urllib.parse import urlsplit

from app.domain.errors import invalid
from app.domain.names import check_text

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")  # RFC 9110, section 5.6.2
# What the transport itself sets (MCP spec, Transports; RFC 9110).
OWN_HEADERS = frozenset(
    ("accept", "connection", "content-length", "content-type", "host", "last-event-id",
     "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "transfer-encoding")
)  # fmt: skip


def check_url(url: str, *path: str, hint: str = "Send credentials in a header.") -> None:
    """Accept an absolute http or https address without a password; `hint` says where that goes."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not url.isascii() or not url.isprintable() or " " in url or "#" in url:
        raise invalid(f"{path[-1]} must be an http:// or https:// address.", *path)
    check_text(url, *path)
    if "@" in parts.netloc:
        raise invalid(
            f"{path[-1]} must not hold a user name or password.",
            *path,
            hint=hint,
        )


def check_header(name: str, value: str, *path: str) -> None:
    """Accept a header of RFC 9110 that the transport does not set itself."""
    if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
        raise invalid(
            f"{name[:128]!r} cannot be a header of a server: it is no token of RFC 9110, "
            "or the transport sets it itself.",
            *path,
        )
    if not is_header_value(value):
        raise invalid(
            "A header's value must be at most 8192 printable ASCII characters.", *path, name
        )


def is_header_value(value: str) -> bool:
    """Whether it can be the value of a header: no line break, nothing that is not ASCII."""
    return len(value) <= 8192 and all(c == "\t" or 32 <= ord(c) < 127 for c in value)
