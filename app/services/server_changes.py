"""Servers watched: added, changed or deleted, by whichever replica."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from app.domain.names import check_server_name
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import Server
from app.services.access import may_see, operation
from app.services.deps import Deps
from app.services.patience import patiently
from app.services.servers import list_all_servers


async def follow_servers(
    deps: Deps, caller: Principal, server_name: str | None
) -> AsyncGenerator[tuple[str, Server | None], None]:
    """Every change of a server that the caller may see, or of the named one: name and server.

    There is no server when it is gone, or no longer for the caller to see.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT; CONFLICT when the reader is too slow.
    """
    if server_name is not None:
        check_server_name(server_name)
    async with operation(deps, caller, Action.READ_SERVERS, server_name=server_name):
        seen = {server.name for server in await list_all_servers(deps, caller)}
        changes = deps.server_changes.follow(lambda name: server_name in (None, name))
        async with aclosing(changes):
            async for name in changes:
                server = await patiently(partial(deps.servers.find, name))
                if server is not None and may_see(caller, server):
                    seen.add(name)
                    yield name, server
                elif name in seen:
                    seen.remove(name)
                    yield name, None
