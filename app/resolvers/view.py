"""GraphQL over HTTP and WebSocket: Strawberry's view, made strict.

Sources: GraphQL over HTTP (Stage 2 draft), sections 5 to 7; the graphql-transport-ws protocol.
"""

from collections.abc import Awaitable
from datetime import timedelta
from functools import lru_cache
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData, GraphQLRequestProtocol
from strawberry.http.base import BaseRequestProtocol
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult

from app.domain.errors import AppError, ErrorCode
from app.domain.principal import NOBODY
from app.edge.envelope import JsonResponse
from app.edge.head import head_of
from app.edge.principal import principal_of
from app.edge.request import WholeRequest
from app.edge.strict_json import read_json
from app.resolvers.context import Context
from app.resolvers.engine.engine import Answer, Engine
from app.resolvers.engine.limits import Refusal
from app.resolvers.requests import Unreadable, request_of
from app.resolvers.watched import watched
from app.resolvers.websocket import Handler, TextAdapter
from app.services.deps import Deps

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
EVENT_STREAM = "text/event-stream"


class GraphQLView(GraphQL[Context, None]):
    """Queries by GET and POST, mutations by POST, subscriptions by WebSocket or SSE.

    It serves any engine: `/graphql` has one, and so may another endpoint. `max_batch` is how many
    operations one request may hold in a list.
    """

    websocket_adapter_class = TextAdapter
    graphql_transport_ws_handler_class = Handler

    def __init__(self, engine: Engine, deps: Deps, *, max_batch: int = 1) -> None:
        schema: Any = engine  # it has what views call of a Strawberry schema
        super().__init__(
            schema,
            graphql_ide=None,  # the door serves the page
            connection_init_wait_timeout=timedelta(seconds=10),
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
        )
        self._engine = engine
        self._deps = deps
        self._max_batch = max_batch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive=receive, send=send))
            return
        request = WholeRequest(scope, receive)
        accept = head_of(scope).accept
        try:
            response = None
            if scope["method"] == "POST" and EVENT_STREAM not in accept:
                data = self.parse_json(await request.body())
                if not isinstance(data, list):
                    result = await self._execute(request, data)
                    response = self._response(request, accept, result)
            if response is None:  # all else goes Strawberry's way
                response = watched(await self.run(request), request, self._deps)
        except HTTPException as error:
            response = _refusal(request, error)
        await response(scope, receive, send)

    def _execute(self, request: Request, data: object) -> Awaitable[Answer]:
        asked = request_of(data, "http")
        return self._engine.execute(
            asked.query,
            variable_values=asked.variables,
            context_value=self.context_of(request),
            operation_name=asked.operation_name,
            operation_extensions=asked.extensions,
        )

    def _response(self, request: Request, accept: str, result: Answer) -> Response:
        body = _body_of(request, result)
        kind = wanted_type(accept)
        response = JsonResponse(orjson.dumps(body), media_type=kind)
        if "data" not in body:
            _refuse(response, request, kind)
        return response

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        """The same, as Strawberry asks for it."""
        return self.context_of(request)

    def context_of(self, request: Request | WebSocket) -> Context:
        """What the resolvers of this request share."""
        # A WebSocket's caller says who they are in its first message.
        caller = NOBODY if request.scope["type"] == "websocket" else principal_of(request)
        return Context(deps=self._deps, principal=caller, request=request)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Never: the door has served the page already."""
        return False

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """The GraphQL request, or several where that is allowed; 400 for anything else."""
        is_stream = EVENT_STREAM in request.headers.get("accept", "")
        protocol: GraphQLRequestProtocol = "sse" if is_stream else "http"
        data: object
        if request.method == "GET":
            data = self._parameters(request)
        else:
            data = self.parse_json(await request.get_body())
        if not isinstance(data, list):
            return request_of(data, protocol)
        if self._max_batch < 2:
            raise HTTPException(400, "Batching is not enabled: send one operation at a time.")
        if is_stream:
            raise HTTPException(400, "A batch cannot be streamed.")
        if not 1 <= len(data) <= self._max_batch:
            raise HTTPException(
                400, f"A batch may have 1 to {self._max_batch} operations; this has {len(data)}."
            )
        return [request_of(item, protocol) for item in data]

    def _parameters(self, request: AsyncHTTPRequestAdapter) -> object:
        try:
            return self.parse_query_params(request.query_params)
        except Unreadable:
            reason = "The parameters variables and extensions must be JSON objects."
            raise HTTPException(400, reason) from None

    def parse_json(self, data: str | bytes) -> object:
        """The JSON value in a body or query parameter.

        Raises:
            Unreadable: It is none, or says something twice or too deep.
        """
        try:
            return read_json(data.encode("utf-8", "replace") if isinstance(data, str) else data)
        except AppError as error:
            raise Unreadable(error) from None

    def decode_json(self, data: str | bytes) -> object:
        """The JSON value in a message."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        """The JSON text of a response."""
        return orjson.dumps(data)

    async def process_result(
        self, request: Request, result: Answer | ExecutionResult
    ) -> GraphQLHTTPResponse:
        """The response body, as Strawberry asks for it."""
        return _body_of(request, result)

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """The HTTP response; its type and status are set in `run`, which knows the request."""
        return Response(self.encode_json(response_data), media_type=JSON_TYPE)

    async def run(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Run one request, and negotiate the media type and status of its answer."""
        response = await super().run(request, *args, **kwargs)
        if not isinstance(response, Response) or response.media_type != JSON_TYPE:
            return response
        kind = wanted_type(request.headers.get("accept", ""))
        response.headers["content-type"] = kind
        if bytes(response.body[:1]) != b"[":  # of a batch each operation has a fate of its own
            _refuse(response, request, kind)
        return response


def _body_of(request: Request, result: Answer | ExecutionResult) -> GraphQLHTTPResponse:
    """The response body; `data` is left out when nothing was executed."""
    errors = result.errors
    if not errors:
        return {"data": result.data}
    body: GraphQLHTTPResponse = {"errors": [error.formatted for error in errors]}
    if result.data is not None or any(error.path is not None for error in errors):
        return {"data": result.data, **body}
    request.state.refusal = errors[0]
    return body


def _refuse(response: Response, request: Request, kind: str) -> None:
    """Give the response the status of a refusal, if nothing was executed."""
    refusal = getattr(request.state, "refusal", None)
    if refusal is not None:
        response.status_code = _status(refusal, kind)
        if response.status_code == 405:
            response.headers["allow"] = "POST"


@lru_cache(maxsize=64)
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


def _status(error: object, kind: str) -> int:
    """The status of a request of which nothing was executed (section 6.4)."""
    if isinstance(error, Refusal) and error.status is not None:
        return error.status
    return 400 if kind == RESPONSE_TYPE else 200


def _refusal(request: Request, error: HTTPException) -> Response:
    hint = {"hint": error.hint} if isinstance(error, Unreadable) and error.hint else {}
    told = {"message": error.reason, "extensions": {"code": ErrorCode.INVALID_INPUT, **hint}}
    headers = {"Allow": "GET, POST"} if error.status_code == 405 else None
    kind = wanted_type(request.headers.get("accept", ""))
    body = orjson.dumps({"errors": [told]})
    return Response(body, error.status_code, headers=headers, media_type=kind)
