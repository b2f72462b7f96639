"""Trying again what never reached its server."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.domain.errors import NotSent
from app.domain.server import Server
from app.services.deps import Deps
from app.services.servers import get_enabled_server

T = TypeVar("T")

ATTEMPTS = 3


async def until_sent(deps: Deps, server: Server, attempt: Callable[[Server], Awaitable[T]]) -> T:
    """What the attempt returns.

    A request that surely never reached the server is made again, on a new session and with the
    server's settings of that moment; any other is never sent twice: tools may not be idempotent.

    Raises:
        AppError: SERVER_NOT_FOUND or SERVER_DISABLED when it is gone meanwhile, and whatever
            the attempt raises.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return await attempt(server)
        except NotSent:
            server = await get_enabled_server(deps, server.name)
    return await attempt(server)
