"""Which host names are ours, and which pages may call."""

import re
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import Scope

from app.domain.errors import AppError, ErrorCode
from app.edge.envelope import refusal_response
from app.edge.head import Head

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
# A name or an IP literal, and a port that may be empty (RFC 3986, section 3.2).
AUTHORITY = re.compile(r"([^\s,:@/\[\]]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?")

# There are few ways to write our names; ports are the client's to choose.
MOST_USUAL = 100


class Hosts:
    """Refuses requests for a host name that is not ours, and from pages that are not.

    A page on the internet can make its own name resolve to 127.0.0.1 (DNS rebinding); the Host
    header still carries that name. A page that calls us openly is told by its Origin header,
    which the MCP specification asks servers to check (Transports, Security Warning).
    """

    def __init__(self, allowed: Sequence[str], origins: Sequence[str] = ()) -> None:
        self._allowed = frozenset(name.lower() for name in (*LOOPBACK_HOSTS, *allowed))
        self._origins = frozenset(origins)
        self._usual: set[bytes | None] = set()  # what Host was when it was ours

    def refusal(self, scope: Scope, head: Head) -> Response | None:
        """The answer 403 to a request that is not for us; None where it is."""
        is_each_once = len(head.first) == len(head.headers)
        if not (is_each_once and head.first.get(b"host") in self._usual):
            hosts = head.all(b"host")  # RFC 9112, section 3.2: two are none
            if len(hosts) != 1 or _host_name(hosts[0]) not in self._allowed:
                return refusal_response(scope, _not_our_host())
            if len(self._usual) < MOST_USUAL:
                self._usual.add(head.first[b"host"])
        if b"origin" in head.first:
            origins = head.all(b"origin")
            if len(origins) > 1 or not self._is_ours(origins[0]):
                return refusal_response(scope, _not_our_page())
        return None

    def _is_ours(self, origin: str) -> bool:
        if origin in self._origins:
            return True
        scheme, _, authority = origin.partition("://")
        return bool(scheme) and _host_name(authority) in self._allowed


def _host_name(authority: str) -> str:
    """The name in `name:port`, in lower case; an IPv6 address keeps its brackets.

    Empty where it is anything else, such as a list of two.
    """
    found = AUTHORITY.fullmatch(authority)
    return "" if found is None else found[1].lower()


def _not_our_host() -> AppError:
    return AppError(
        ErrorCode.HOST_NOT_ALLOWED,
        "This server does not answer to that host name.",
        hint="Use localhost, or add the name to ALLOWED_HOSTS.",
    )


def _not_our_page() -> AppError:
    return AppError(
        ErrorCode.ORIGIN_NOT_ALLOWED,
        "Pages of that site may not call this server.",
        hint="If they should, add the site's origin to CORS_ORIGINS.",
    )
