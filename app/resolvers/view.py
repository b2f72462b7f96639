"""GraphQL over HTTP and WebSocket: Strawberry's view, made strict.

Sources: GraphQL over HTTP (Stage 2 draft), sections 5 to 7; the graphql-transport-ws protocol.
"""

from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types import ExecutionResult

from app.domain.errors import AppError, ErrorCode
from app.domain.principal import NOBODY
from app.edge.authentication import authorization_in
from app.edge.principal import principal_of
from app.resolvers.context import Context
from app.resolvers.errors import present
from app.resolvers.loaders import Loaders
from app.resolvers.schema import Schema
from app.resolvers.watched import (
    CLOSE_REASON_CHARACTERS,
    CLOSE_UNAUTHENTICATED,
    WatchedHandler,
    watched,
)
from app.services.deps import Deps

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
EVENT_STREAM = "text/event-stream"
CLOSE_TRY_AGAIN = 1013


class _TextAdapter(ASGIWebSocketAdapter):
    """Sends text frames, which browsers expect, and takes only JSON objects."""

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            yield message if isinstance(message, dict) else {}

    async def send_json(self, message: Mapping[str, object]) -> None:
        await self.ws.send_text(orjson.dumps(message).decode())


class _Handler(WatchedHandler):
    """Answers a malformed message with close code 4400 instead of failing on it.

    Its caller says who they are in `connection_init`, or in a header of the handshake; it is
    asked again at every operation: what was revoked meanwhile closes the connection.
    """

    async def handle_message(self, message: Message) -> None:
        payload: object = message.get("payload")
        if message.get("type") == "subscribe" and not _is_request(payload):
            await self.handle_invalid_message("The payload of subscribe must be a GraphQL request")
            return
        await super().handle_message(message)

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


class GraphQLView(GraphQL[Context, None]):
    """Queries by GET and POST, mutations by POST, subscriptions by WebSocket or SSE."""

    websocket_adapter_class = _TextAdapter
    graphql_transport_ws_handler_class = _Handler

    def __init__(self, schema: Schema, deps: Deps) -> None:
        super().__init__(
            schema,
            graphql_ide=None,  # the door serves the page
            connection_init_wait_timeout=timedelta(seconds=10),
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
        )
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive=receive, send=send))
            return
        request = Request(scope, receive)
        try:
            response = watched(await self.run(request), request, self._deps)
        except HTTPException as error:
            response = _refusal(request, error)
        await response(scope, receive, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        """What the resolvers of this request share."""
        accept = request.headers.get("accept", "")
        is_socket = isinstance(request, WebSocket)
        caller = NOBODY if is_socket else principal_of(request)
        return Context(
            deps=self._deps,
            principal=caller,
            request=request,
            response=response,
            is_streaming=is_socket or EVENT_STREAM in accept,
            loaders=Loaders.over(self._deps, caller),
        )

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Never: the door has served the page already."""
        return False

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """The GraphQL request in a body or query string; 400 for anything else."""
        data = await super().parse_http_body(request)
        if isinstance(data, GraphQLRequestData) and not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "operationName must be a string or null, if provided.")
        return data

    def decode_json(self, data: str | bytes) -> object:
        """The JSON object or array in a body or message."""
        value = orjson.loads(data)
        if isinstance(data, bytes) and not isinstance(value, dict | list):
            raise HTTPException(400, "The body must be a JSON object.")
        return value  # a text is a message or a query parameter; those are checked where they go

    def encode_json(self, data: object) -> bytes:
        """The JSON text of a response."""
        return orjson.dumps(data)

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        """The response body; `data` is left out when nothing was executed."""
        if result.errors:
            result.errors = [present(error) for error in result.errors]
        body = await super().process_result(request, result)
        if _nothing_ran(result):
            body.pop("data", None)
            request.state.nothing_ran = True
        return body

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """The HTTP response; its type and status are set in `run`, which knows the request."""
        return Response(self.encode_json(response_data), media_type=JSON_TYPE)

    async def run(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Run one request, and negotiate the media type and status of its answer."""
        response = await super().run(request, *args, **kwargs)
        is_result = isinstance(response, Response) and response.media_type == JSON_TYPE
        if is_result and wanted_type(request.headers.get("accept", "")) == RESPONSE_TYPE:
            response.headers["content-type"] = RESPONSE_TYPE
            if getattr(request.state, "nothing_ran", False):
                response.status_code = 400
        return response


def wanted_type(accept: str) -> str:
    """The better liked of the two response types; `application/json` when nothing says more."""
    best, liked = JSON_TYPE, 0.0
    for entry in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        name = RESPONSE_TYPE if kind == RESPONSE_TYPE else JSON_TYPE
        is_known = kind in (RESPONSE_TYPE, JSON_TYPE, "application/*", "*/*")
        weight = next((_weight(p) for p in parameters if p.startswith("q=")), 1.0)
        if is_known and weight > liked:
            best, liked = name, weight
    return best


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


def _nothing_ran(result: ExecutionResult) -> bool:
    return (
        result.data is None
        and bool(result.errors)
        and all(error.path is None for error in result.errors or ())
    )


def _is_request(payload: object) -> bool:
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )


def _refusal(request: Request, error: HTTPException) -> Response:
    body = {"errors": [{"message": error.reason, "extensions": {"code": ErrorCode.INVALID_INPUT}}]}
    headers = {"Allow": "GET, POST"} if error.status_code == 405 else None
    kind = wanted_type(request.headers.get("accept", ""))
    return Response(orjson.dumps(body), error.status_code, headers=headers, media_type=kind)
