"""Doing something on a user's session of a server."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.domain.delivery import SecretBundle
from app.domain.errors import NotSent
from app.domain.ports import Session
from app.domain.server import Server
from app.services.deps import Deps
from app.services.servers import plan_of

T = TypeVar("T")


async def on_session(
    deps: Deps, server: Server, secrets: SecretBundle, work: Callable[[Session], Awaitable[T]]
) -> T:
    """What `work` returns, on the session that serves the user whose secrets these are.

    A request that surely never reached the server is made once more, on a new session; any
    other is never sent twice: tools may not be idempotent.

    Raises:
        AppError: SERVER_DID_NOT_START, SESSION_LIMIT, SHUTTING_DOWN, and whatever `work` raises.
    """
    plan = plan_of(deps, server, secrets)
    try:
        async with deps.sessions.use(plan) as session:
            return await work(session)
    except NotSent:
        async with deps.sessions.use(plan) as session:
            return await work(session)
