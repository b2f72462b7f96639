"""Establishing who is calling, before any door sees the request; as pure ASGI middleware."""

from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.domain.errors import AppError, ErrorCode
from app.edge.envelope import refusal_response
from app.edge.head import headers_of
from app.edge.principal import set_principal
from app.edge.protected_resource import RESOURCE_PATH, metadata_url
from app.services.authentication import Authentication


class CallerGuard:
    """Lets a request through only with its caller known; `is_public` names the exceptions.

    A WebSocket passes: a browser cannot send a header with it, so its door asks for the token in
    `connection_init`.
    """

    def __init__(
        self, app: ASGIApp, authentication: Authentication, is_public: Callable[[Scope], bool]
    ) -> None:
        self._app = app
        self._authentication = authentication
        self._is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its caller, or answer 401."""
        if scope["type"] == "http" and not self._is_public(scope):
            try:
                caller = await self._authentication.principal(
                    authorization_of(headers_of(scope, b"authorization"))
                )
            except AppError as error:
                await self._refusal(scope, error)(scope, receive, send)
                return
            set_principal(scope, caller)
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, error: AppError) -> Response:
        response = refusal_response(scope, error)
        is_for_clients = (
            scope["path"] == RESOURCE_PATH and self._authentication.verifier is not None
        )
        if is_for_clients and error.code is ErrorCode.UNAUTHENTICATED:
            response.headers["WWW-Authenticate"] += f', resource_metadata="{metadata_url(scope)}"'
        return response


def authorization_of(found: Sequence[str]) -> str | None:
    """The Authorization header; two of them are as good as a malformed one."""
    return None if not found else ", ".join(found)


def authorization_in(payload: object, headers: Headers) -> str | None:
    """The same of a WebSocket: from the payload of `connection_init`, else from the handshake."""
    given = payload if isinstance(payload, dict) else {}
    for name in ("Authorization", "authorization"):
        if name in given:
            return str(given[name])
    return authorization_of(headers.getlist("authorization"))
