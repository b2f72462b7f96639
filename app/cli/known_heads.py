"""What the head of a request means, found out once for those that come again on a connection."""

from urllib.parse import unquote

import httptools
from starlette.types import Scope

from app.edge.head import head_of

END_OF_HEAD = b"\r\n\r\n"
MOST_KNOWN = 4
MOST_BYTES = 4096
METHODS = frozenset(("GET", "POST", "PUT", "DELETE"))
# What makes the end of a request, or of HTTP, depend on more than its length.
NEVER_KNOWN = (b"transfer-encoding", b"upgrade", b"expect")


class KnownHeads:
    """The latest heads of one connection that the parser has read, and what it read.

    A client that keeps its connection nearly always sends the same head again. Between two
    requests the parser has no state: what it understood once, it would understand again.
    """

    __slots__ = ("_scopes",)

    def __init__(self) -> None:
        self._scopes: dict[bytes, Scope] = {}

    def find(self, data: bytes) -> tuple[Scope, bytes] | None:
        """The request's scope, and its body, if the data is one whole request with such a head."""
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        scope = self._scopes.get(data[:end])
        if scope is None or len(data) != end + (head_of(scope).body_length or 0):
            return None
        return {**scope, "state": scope["state"].copy()}, data[end:]

    def add(self, scope: Scope, data: bytes) -> None:
        """Remember what the data, read between requests as one whole request, has turned out to be.

        `scope` is what the application is going to be given.
        """
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        head = head_of(scope)
        is_whole = len(data) == end + (head.body_length or 0)
        if not is_whole or end > MOST_BYTES or scope["method"] not in METHODS:
            return
        if any(name in head.first for name in NEVER_KNOWN):
            return
        if len(self._scopes) >= MOST_KNOWN:
            del self._scopes[next(iter(self._scopes))]
        self._scopes[data[:end]] = {**scope, "state": scope["state"].copy()}


def describe(scope: Scope, version: str, target: bytes) -> None:
    """Complete the scope of a request whose head has been read."""
    url = httptools.parse_url(target)
    path = url.path.decode("ascii")
    scope["http_version"] = version
    scope["path"] = unquote(path) if "%" in path else path
    scope["raw_path"] = url.path
    scope["query_string"] = url.query or b""
    scope["headers"] = (*scope["headers"],)  # those that share them change nothing
    head_of(scope)
