"""What every answer tells a browser, and what pages of other sites are told."""

from collections.abc import Awaitable, Iterable, Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
_NAMES = frozenset(name for name, _ in _NOT_KEPT)
_STRICT: RawHeader = (b"strict-transport-security", STRICT_TRANSPORT.encode())
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


class SecurityHeaders:
    """Adds to every answer what the answer does not say itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def careful(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = _with_ours(message.get("headers", ()), scope)
            return send(message)

        await self._app(scope, receive, careful)


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


def _with_ours(given: Iterable[RawHeader], scope: Scope) -> list[RawHeader]:
    """The headers of an answer, and those of ours that it does not have."""
    headers = [*given]
    wanted = _ALWAYS if scope["path"].startswith(KEPT_PATHS) else _NOT_KEPT
    names = {name.lower() for name, _ in headers}
    if names.isdisjoint(_NAMES):
        headers += wanted
    else:
        headers += [header for header in wanted if header[0] not in names]
    if scope.get("scheme") == "https" and _STRICT[0] not in names:
        headers.append(_STRICT)
    return headers
