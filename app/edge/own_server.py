"""What our own server offers a request beyond ASGI, which every other server can do without."""

import asyncio
from typing import Protocol

from starlette.types import Scope

from app.edge.headers import RawHeader

_KEY = "mcp_api.server"


class OwnServer(Protocol):
    """One request, as our own server has it."""

    task: asyncio.Task[None]

    def take_body(self) -> bytes | None:
        """The whole body, instead of by `receive`; None where it has not come or is taken."""

    def takes_whole(self) -> bool:
        """Whether an answer can be given at once: it may be, and the client reads."""

    def answer(
        self, status: int, usual: tuple[RawHeader, ...], request_id: RawHeader, body: bytes
    ) -> None:
        """Give a whole answer; the server adds the length of its body.

        `usual` are headers that many answers have, all together.
        """


def own_server_of(scope: Scope) -> OwnServer | None:
    """The request as our own server has it; None behind any other."""
    server: OwnServer | None = scope.get(_KEY)
    return server


def set_own_server(scope: Scope, server: OwnServer) -> None:
    """Offer more than ASGI."""
    scope[_KEY] = server
