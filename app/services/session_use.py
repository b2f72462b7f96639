"""Doing something on a user's session of a server."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.domain.errors import NotSent
from app.domain.ports import Session
from app.domain.server import Server
from app.services.deps import Deps
from app.services.servers import get_enabled_server, plan_of

T = TypeVar("T")

ATTEMPTS = 3


async def on_session(
    deps: Deps, server: Server, username: str, work: Callable[[Session], Awaitable[T]]
) -> T:
    """What `work` returns, on the session that serves the user.

    A request that surely never reached the server is made again, on a new session and with the
    server's settings of that moment; any other is never sent twice: tools may not be idempotent.

    Raises:
        AppError: SERVER_DID_NOT_START, SESSION_LIMIT, SHUTTING_DOWN, SERVER_NOT_FOUND or
            SERVER_DISABLED when it is gone meanwhile, and whatever `work` raises.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            async with deps.sessions.use(plan_of(deps, server, username)) as session:
                return await work(session)
        except NotSent:
            server = await get_enabled_server(deps, server.name)
    async with deps.sessions.use(plan_of(deps, server, username)) as session:
        return await work(session)
