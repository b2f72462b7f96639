"""Two views over the same schema in one process: Strawberry's own, and ours.

The resolvers are the product's; what they read comes from memory: 50 servers, no database. There
are no guards in front of either. Prints its address when it listens.
"""

import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from app.domain.outbound import Reach
from app.domain.page import PageRequest
from app.domain.principal import local_principal
from app.domain.server import Server, ServerSettings, ServerStatus
from app.resolvers.context import Context
from app.resolvers.schema import build_engine, build_schema
from app.resolvers.view import GraphQLView
from app.services.deps import Deps
from app.services.limits import Limits, LimitSettings

COUNT = 50
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Memory:
    """A store of servers, and the registry of their sessions."""

    def __init__(self) -> None:
        self._servers = [
            Server(
                settings=ServerSettings(name=f"server-{n:02}", command="node"),
                revision="r", package_dir=None, install_id=None, tools=(),
                created_at=NOW, updated_at=NOW,
            )
            for n in range(COUNT)
        ]  # fmt: skip

    async def list_page(self, page: PageRequest) -> Sequence[Server]:
        """All of them."""
        return self._servers[: page.first + 1]

    def status(self, _name: str, _revision: str) -> ServerStatus:
        """All are up."""
        return ServerStatus.CONNECTED

    def last_error(self, _name: str, _revision: str) -> None:
        """None has failed."""


def make_deps() -> Deps:
    """What the resolvers reach; needs a running event loop."""
    memory = Memory()
    known = SimpleNamespace(
        servers=memory, sessions=memory, reach=Reach.PUBLIC, limits=Limits(LimitSettings()),
        audit=SimpleNamespace(add=lambda _record: None),
    )  # fmt: skip
    return cast("Deps", known)


def context_of(deps: Deps, request: Request | WebSocket) -> Context:
    """The same for both."""
    caller = local_principal()
    return Context(
        deps=deps, principal=caller, request=request,
    )  # fmt: skip


class Stock(GraphQL[Context, None]):
    """Strawberry's view as it comes."""

    deps: Deps

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002 - Strawberry gives it
    ) -> Context:
        """What our resolvers need."""
        return context_of(self.deps, request)


class Ours(GraphQLView):
    """Our view as it comes, for a caller who is known."""

    def context_of(self, request: Request | WebSocket) -> Context:
        """What our resolvers need."""
        return context_of(self._deps, request)


async def main() -> None:
    """Serve until the process is ended."""
    deps = make_deps()
    stock: Any = Stock(build_schema(), graphql_ide=None)
    stock.deps = deps
    ours: Any = Ours(build_engine(), deps)
    app = Starlette(
        routes=[
            Route("/stock", stock, methods=["POST"]),
            Route("/ours", ours, methods=["POST"]),
        ]
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    uvloop.run(main())
