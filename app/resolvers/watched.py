"""Streams that end when their caller is not known any more, over either transport."""

import asyncio
import contextlib

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    SubscribeMessage,
)

from app.domain.errors import AppError
from app.edge.authentication import authorization_in
from app.edge.credential_watch import until_unknown, while_known
from app.edge.head import head_of
from app.edge.principal import principal_of
from app.resolvers.context import Context
from app.resolvers.engine.limits import too_much
from app.services.deps import Deps

CLOSE_UNAUTHENTICATED = 4401
# A close frame has room for 123 bytes (RFC 6455, section 5.5).
CLOSE_REASON_CHARACTERS = 100


class WatchedHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Closes the connection of a caller whose token expires or is revoked."""

    _watch: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Watch a caller as soon as they are acknowledged."""
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._watch is None:
            self._watch = asyncio.create_task(self._close_in_time(), name="credential watch")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Run the operation, unless too many are at work already."""
        limit, found = self.max_subscriptions_per_connection, len(self.operations)
        is_new = message["id"] not in self.operations
        if self.connection_acknowledged and is_new and limit is not None and found >= limit:
            error = too_much(
                "The connection has {} operations at once",
                found + 1,
                limit,
                setting="",
                hint="End one first, or open another connection.",
            )
            await self.send_message(
                {"id": message["id"], "type": "error", "payload": [error.formatted]}
            )
            return
        await super().handle_subscribe(message)

    async def shutdown(self) -> None:
        """End the watch with the connection."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await super().shutdown()

    async def _close_in_time(self) -> None:
        context = self.context
        error: AppError = await until_unknown(
            context.deps.authentication,
            authorization_in(context.connection_params, context.request.headers),
            context.principal,
        )
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        with contextlib.suppress(RuntimeError):  # it has been closed meanwhile
            await self.websocket.close(
                CLOSE_UNAUTHENTICATED, error.message[:CLOSE_REASON_CHARACTERS]
            )


def watched(response: Response, request: Request, deps: Deps) -> Response:
    """The response, whose stream ends in time if it is one."""
    if isinstance(response, StreamingResponse):
        response.body_iterator = while_known(
            response.body_iterator,
            deps.authentication,
            head_of(request.scope).authorization,
            principal_of(request),
        )
    return response
