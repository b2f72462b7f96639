"""The way in: the GraphiQL page for browsers, the GraphQL view for everyone else."""

from collections.abc import Awaitable, Mapping

from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from app.edge.direct import Table
from app.edge.head import head_of
from app.edge.late_door import LateDoor
from app.resolvers.engine.trusted import read_trusted
from app.resolvers.page import graphiql_assets, graphiql_page
from app.services.deps import Deps
from app.settings import Settings

MAIN_PATH = "/graphql"
TOOLS_PATH = "/graphql/tools"
# graphql-transport-ws: the client has asked for what there is not.
CLOSE_BAD_REQUEST = 4400
NO_SOCKET = "Tools are called by POST here; subscribe at /graphql, also to a call: toolCall."


class GraphQLDoor:
    """`/graphql` and `/graphql/tools`. The page needs no GraphQL library: it is there at once."""

    def __init__(self, deps: Deps, settings: Settings) -> None:
        self._deps = deps
        self._settings = settings
        self._trusted = _read_trusted(settings)
        self._view = LateDoor(self._build_view)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if _is_browser(scope):
            await graphiql_page()(scope, receive, send)
        else:
            await self._view(scope, receive, send)

    def is_page(self, scope: Scope) -> bool:
        """Whether a request is for the page or its parts, which tell nothing of anybody."""
        if scope["path"].startswith("/graphiql/"):
            return True
        return _is_browser(scope)

    async def load(self) -> None:
        """Import and build the GraphQL schema ahead of the first request."""
        await self._view.load()

    def routes(self) -> list[BaseRoute]:
        """The endpoint and what its page needs."""
        return [
            Route(MAIN_PATH, self),
            WebSocketRoute(MAIN_PATH, self),
            Route(TOOLS_PATH, self),
            WebSocketRoute(TOOLS_PATH, _refuse_socket),
            Route(f"{TOOLS_PATH}/schema.graphql", self, methods=["GET"]),
            *graphiql_assets(),
        ]

    def direct_routes(self) -> Table:
        """Where most requests go."""
        return {("POST", path): self._view for path in (MAIN_PATH, TOOLS_PATH)}

    def _build_view(self) -> ASGIApp:
        # Late on purpose: Strawberry takes a second of CPU to import.
        from app.resolvers.engine.options import options_of  # noqa: PLC0415
        from app.resolvers.schema import build_engine  # noqa: PLC0415
        from app.resolvers.typed.door import TypedDoor  # noqa: PLC0415
        from app.resolvers.view import GraphQLView  # noqa: PLC0415

        options, most = options_of(self._settings, self._trusted), self._settings.graphql_max_batch
        engine = build_engine(options)
        main = GraphQLView(engine, self._deps, max_batch=most)
        typed = TypedDoor(engine.schema, self._deps, options, max_batch=most)

        def by_path(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            view: ASGIApp = main if scope["path"] == MAIN_PATH else typed
            return view(scope, receive, send)

        return by_path


async def _refuse_socket(socket: WebSocket) -> None:
    """Close the connection with the reason, which a refused handshake could not give."""
    offered = socket.scope["subprotocols"]
    await socket.accept(offered[0] if offered else None)
    await socket.close(CLOSE_BAD_REQUEST, NO_SOCKET)


def _read_trusted(settings: Settings) -> Mapping[str, str] | None:
    """The documents of the file that the settings name; a bad one ends the start."""
    path = settings.graphql_trusted_documents
    return None if path is None else read_trusted(path)


def _is_browser(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    if scope["path"] not in (MAIN_PATH, TOOLS_PATH):
        return False
    wants_page = "text/html" in head_of(scope).accept
    return wants_page and "query" not in QueryParams(scope["query_string"])
