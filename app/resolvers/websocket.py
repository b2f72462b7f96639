"""GraphQL over WebSocket: Strawberry's handler of graphql-transport-ws, made strict."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import orjson
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from app.domain.errors import AppError, ErrorCode
from app.edge.authentication import authorization_in
from app.resolvers.engine.documents import Refused
from app.resolvers.engine.engine import Engine
from app.resolvers.requests import fault_of
from app.resolvers.watched import CLOSE_REASON_CHARACTERS, CLOSE_UNAUTHENTICATED, WatchedHandler

CLOSE_TRY_AGAIN = 1013


class TextAdapter(ASGIWebSocketAdapter):
    """Sends text frames, which browsers expect, and takes only JSON objects."""

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """The messages as objects; anything else as an empty one, which is refused."""
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            yield message if isinstance(message, dict) else {}

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message, and wait until the reader has room for more."""
        await self.ws.send_text(orjson.dumps(message).decode())


class Handler(WatchedHandler):
    """Answers a malformed message with close code 4400 instead of failing on it.

    Its caller says who they are in `connection_init`, or in a header of the handshake; it is
    asked again at every operation: what was revoked meanwhile closes the connection.
    """

    async def handle_message(self, message: Message) -> None:
        """Take one message of the client."""
        if message.get("type") == "subscribe":
            payload: Any = message.get("payload")
            if fault_of(payload) is not None:
                fault = "The payload of subscribe must be a GraphQL request"
                await self.handle_invalid_message(fault)
                return
            message = cast("Message", {**message, "payload": self._with_text(payload)})
        await super().handle_message(message)

    def _with_text(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The payload with the text of a persisted operation in it.

        One that may not be run keeps its hash, so that it is refused where all others are.
        """
        engine = cast("Engine", self.schema)
        try:
            text = engine.text_of(payload.get("query"), payload.get("extensions"))
        except Refused:
            text = payload.get("query")
        return {**payload, "query": text}

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Acknowledge a caller who is known."""
        if self.connection_init_received or await self._knows_caller(message.get("payload")):
            await super().handle_connection_init(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation of a caller who is still known."""
        if not self.connection_acknowledged or await self._knows_caller(
            self.context.connection_params
        ):
            await super().handle_subscribe(message)

    async def _knows_caller(self, payload: object) -> bool:
        """Whether that payload, or else the handshake, says who is calling; if not, close."""
        context = self.context
        try:
            context.become(
                await context.deps.authentication.principal(
                    authorization_in(payload, context.request.headers)
                )
            )
        except AppError as error:
            is_unknown = error.code is ErrorCode.UNAUTHENTICATED
            code = CLOSE_UNAUTHENTICATED if is_unknown else CLOSE_TRY_AGAIN
            await self.websocket.close(code, error.message[:CLOSE_REASON_CHARACTERS])
            return False
        return True
