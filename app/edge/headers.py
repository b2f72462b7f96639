"""What every answer tells a browser, and what pages of other sites are told."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Scope

from app.edge.head import RAW_ID

# For answers that are data; the pages bring a policy of their own.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": DATA_POLICY,
}
# Answers hold what only their caller may see; files of the pages may be kept by the browser.
KEPT_PATHS = ("/graphiql/", "/docs/")
STRICT_TRANSPORT = "max-age=31536000"
RawHeader = tuple[bytes, bytes]
_ALWAYS: tuple[RawHeader, ...] = tuple((n.lower().encode(), v.encode()) for n, v in ALWAYS.items())
_NOT_KEPT: tuple[RawHeader, ...] = (*_ALWAYS, (b"cache-control", b"no-store"))
_STRICT: RawHeader = (b"strict-transport-security", STRICT_TRANSPORT.encode())
_NAMES = frozenset((RAW_ID, _STRICT[0], *(name for name, _ in _NOT_KEPT)))
CORS_METHODS = ("GET", "POST", "PUT", "DELETE")
CORS_REQUEST_HEADERS = (
    "Authorization", "Content-Type", "Last-Event-ID", "Mcp-Method", "Mcp-Name",
    "Mcp-Protocol-Version", "Mcp-Session-Id", "X-Request-Id", "Idempotency-Key", "If-None-Match",
)  # fmt: skip
CORS_ANSWER_HEADERS = (
    "ETag", "Idempotency-Replayed", "Mcp-Session-Id", "Retry-After", "WWW-Authenticate",
    "X-Request-Id",
)  # fmt: skip
CORS_SECONDS = 600


def cors(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """The application, which pages of these origins may call; without cookies, as always."""
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=CORS_METHODS,
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=CORS_ANSWER_HEADERS,
        max_age=CORS_SECONDS,
    )


def answer_headers(
    given: Iterable[RawHeader], scope: Scope, request_id: RawHeader
) -> list[RawHeader]:
    """The headers of an answer, those of ours that it does not have, and its request's id."""
    headers: Sequence[RawHeader] = [*given]
    wanted: Sequence[RawHeader] = _wanted(
        is_kept=scope["path"].startswith(KEPT_PATHS), is_strict=scope.get("scheme") == "https"
    )
    names = dict(headers).keys()
    if not names.isdisjoint(_NAMES):
        headers = [header for header in headers if header[0] != RAW_ID]
        wanted = [header for header in wanted if header[0] not in names]
    return [*headers, *wanted, request_id]


@lru_cache(maxsize=64)
def usual_headers(
    content_type: RawHeader, *, is_kept: bool, is_strict: bool
) -> tuple[RawHeader, ...]:
    """The same of an answer that has none but its type, but for its length and request's id."""
    return (content_type, *_wanted(is_kept=is_kept, is_strict=is_strict))


def _wanted(*, is_kept: bool, is_strict: bool) -> tuple[RawHeader, ...]:
    wanted = _ALWAYS if is_kept else _NOT_KEPT
    return (*wanted, _STRICT) if is_strict else wanted
