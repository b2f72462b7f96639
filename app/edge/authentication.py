"""Establishing who is calling, before any door sees the request."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from app.domain.errors import AppError, ErrorCode
from app.edge.envelope import refusal_response
from app.edge.head import Head, authorization_of
from app.edge.principal import set_principal
from app.edge.protected_resource import RESOURCE_PATH, metadata_url
from app.services.authentication import Authentication


class Callers:
    """Refuses requests whose caller is not known; `is_public` tells which need none."""

    def __init__(self, authentication: Authentication, is_public: Callable[[Scope], bool]) -> None:
        self._authentication = authentication
        self.is_public = is_public

    async def refusal(self, scope: Scope, head: Head) -> Response | None:
        """The answer 401; None where the request may pass, now with its caller."""
        try:
            caller = await self._authentication.principal(head.authorization)
        except AppError as error:
            return self._refusal(scope, error)
        set_principal(scope, caller)
        return None

    def _refusal(self, scope: Scope, error: AppError) -> Response:
        response = refusal_response(scope, error)
        is_for_clients = (
            scope["path"] == RESOURCE_PATH and self._authentication.verifier is not None
        )
        if is_for_clients and error.code is ErrorCode.UNAUTHENTICATED:
            response.headers["WWW-Authenticate"] += f', resource_metadata="{metadata_url(scope)}"'
        return response


def authorization_in(payload: object, headers: Headers) -> str | None:
    """The same of a WebSocket: from the payload of `connection_init`, else from the handshake."""
    given = payload if isinstance(payload, dict) else {}
    for name in ("Authorization", "authorization"):
        if name in given:
            return str(given[name])
    return authorization_of(headers.getlist("authorization"))
