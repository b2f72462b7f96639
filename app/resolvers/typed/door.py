"""The way in to the typed schemas: `/graphql/tools`, and the schema as text."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.domain.errors import AppError
from app.edge.principal import principal_of
from app.edge.status import HTTP_STATUS
from app.resolvers.typed.schemas import TypedSchemas

SDL_TYPE = "text/plain; charset=utf-8"


class TypedDoor:
    """Serves each request with its caller's schema, or with the text of that."""

    def __init__(self, schemas: TypedSchemas) -> None:
        self._schemas = schemas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = await self._answer(Request(scope))
        await app(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        try:
            typed = await self._schemas.get(principal_of(request))
        except AppError as error:
            return _refused(error)
        if request.url.path.endswith(".graphql"):
            headers = {"Cache-Control": "no-cache"}
            return Response(await typed.sdl(), media_type=SDL_TYPE, headers=headers)
        return typed.view


def _refused(error: AppError) -> Response:
    """The failure as any GraphQL client reads it."""
    hint = {} if error.hint is None else {"hint": error.hint}
    told = {"message": error.message, "extensions": {"code": error.code, **hint}}
    body = orjson.dumps({"errors": [told]})
    return Response(body, HTTP_STATUS[error.code], media_type="application/json")
