"""One id for each request: in its answer, in the audit record, and in the logs of whoever asks."""

import re
from collections.abc import Awaitable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.ids import new_id
from app.edge.head import body_length, header_of
from app.services.origin import Origin, set_origin

HEADER = "X-Request-Id"
RAW_HEADER = b"x-request-id"
# What may come from outside goes into logs and answers: no spaces, no line breaks, not too long.
ACCEPTED = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")


# A proxy's word for where a request comes from is whatever it makes of what it was sent.
ADDRESS = re.compile(r"[0-9A-Za-z.:%_\[\]-]{1,64}")
NO_ADDRESS = "unknown"


class RequestId:
    """Takes the id that the caller or a proxy has given, or makes one, and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, known by its id to everything behind."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = header_of(scope, RAW_HEADER)
        request_id = given if given is not None and ACCEPTED.fullmatch(given) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        set_origin(
            Origin(
                request_id=request_id,
                peer=_peer_of(scope),
                body_bytes=body_length(scope),
            )
        )
        told = (RAW_HEADER, request_id.encode("latin-1"))

        def named(message: Message) -> Awaitable[None]:
            if message["type"] in ("http.response.start", "websocket.accept"):
                others = [h for h in message.get("headers", ()) if h[0].lower() != RAW_HEADER]
                message["headers"] = [*others, told]
            return send(message)

        await self._app(scope, receive, named)


def _peer_of(scope: Scope) -> str | None:
    client = scope.get("client")
    if client is None:
        return None
    host: str = client[0]
    return host if ADDRESS.fullmatch(host) else NO_ADDRESS


def request_id_of(connection: HTTPConnection) -> str:
    """The id of the request that is being served."""
    request_id: str = connection.state.request_id
    return request_id
