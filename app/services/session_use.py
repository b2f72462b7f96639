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
    """What the attempt returns; it is made again for as long as its request is surely not sent.

    Raises:
        AppError: See `attempt_again`.
    """
    try:
        return await attempt(server)
    except NotSent:
        return await attempt_again(deps, server.name, attempt)


async def attempt_again(
    deps: Deps, server_name: str, attempt: Callable[[Server], Awaitable[T]]
) -> T:
    """What the attempt returns, which has been made once and was surely not sent.

    A request that never reached the server is made again, on a new session and with the server's
    settings of that moment; any other is never sent twice: tools may not be idempotent.

    Raises:
        AppError: SERVER_NOT_FOUND or SERVER_DISABLED when it is gone meanwhile, and whatever
            the attempt raises.
    """
    for _ in range(ATTEMPTS - 2):
        try:
            return await attempt(await get_enabled_server(deps, server_name))
        except NotSent:
            continue
    return await attempt(await get_enabled_server(deps, server_name))
