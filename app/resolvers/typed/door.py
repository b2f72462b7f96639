"""The way in to the typed schemas: `/graphql/tools`, and the schema as text."""

from dataclasses import replace

from graphql import GraphQLSchema
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.domain.errors import AppError, ErrorCode
from app.edge.envelope import refusal_response
from app.edge.principal import principal_of
from app.resolvers.engine.options import EngineOptions
from app.resolvers.typed.engine import TypedEngine
from app.resolvers.typed.making import Typed
from app.resolvers.typed.schemas import TypedSchemas
from app.resolvers.typed.shared import Shared
from app.resolvers.view import GraphQLView
from app.services.deps import Deps

SDL_PATH = "/graphql/tools/schema.graphql"
SDL_TYPE = "text/plain; charset=utf-8"


class TypedDoor:
    """Serves each request with its caller's schema, or with the text of that."""

    def __init__(
        self, main: GraphQLSchema, deps: Deps, options: EngineOptions, *, max_batch: int
    ) -> None:
        # A tool's argument `first` may mean anything.
        self._options = replace(options, limits=replace(options.limits, page_arguments=()))

        def make_view(schema: GraphQLSchema) -> ASGIApp:
            return GraphQLView(TypedEngine(schema, self._options), deps, max_batch=max_batch)

        self._schemas = TypedSchemas(deps, Shared.of(main), make_view)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = await self._answer(Request(scope))
        await app(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        try:
            typed = await self._schemas.get(principal_of(request))
            return await self._text(typed) if request.scope["path"] == SDL_PATH else typed.view
        except AppError as error:
            return refusal_response(request.scope, error)

    async def _text(self, typed: Typed) -> Response:
        if not self._options.introspection:
            raise AppError(
                ErrorCode.FORBIDDEN, "Introspection is switched off, and with it this text.",
                hint="It is what GRAPHQL_INTROSPECTION decides.",
            )  # fmt: skip
        headers = {"Cache-Control": "no-cache"}
        return Response(await typed.sdl(), media_type=SDL_TYPE, headers=headers)
