"""One id for each request: in its answer, in the audit record, and in the logs of whoever asks."""

import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.services.origin import Origin, set_origin

HEADER = "X-Request-Id"
# What may come from outside goes into logs and answers: no spaces, no line breaks, not too long.
ACCEPTED = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")


class RequestId:
    """Takes the id that the caller or a proxy has given, or makes one, and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, known by its id to everything behind."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(HEADER, "")
        request_id = given if ACCEPTED.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        length = headers.get("content-length", "")
        set_origin(
            Origin(
                request_id=request_id,
                peer=(scope.get("client") or (None,))[0],
                body_bytes=int(length) if length.isdecimal() else None,
            )
        )

        async def named(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        await self._app(scope, receive, named)


def request_id_of(connection: HTTPConnection) -> str:
    """The id of the request that is being served."""
    request_id: str = connection.state.request_id
    return request_id
