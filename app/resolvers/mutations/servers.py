"""Mutations of servers."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from app.domain.server import Server
from app.resolvers.context import Info
from app.resolvers.mutations.outcome import outcome
from app.resolvers.mutations.server_inputs import AddServerInput, UpdateServerInput
from app.resolvers.types.error import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from app.resolvers.types.server import ServerType
from app.services.servers import (
    add_server,
    delete_server,
    restart_server,
    set_server_enabled,
    update_server,
)


@strawberry.input(description="A server by its name.")
class ServerNameInput:
    """The input of mutations that need no more than a name."""

    server_name: str = strawberry.field(description="The server's exact name.")


@strawberry.type(description="A finished deletion.")
class DeletedServer:
    """The success of deleteServer."""

    server_name: str = strawberry.field(description="The server that is gone.")


ServerResult = Annotated[
    ServerType
    | InvalidInputError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("ServerResult", description="The server as it is now, or why not."),
]
DeleteServerResult = Annotated[
    DeletedServer
    | InvalidInputError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("DeleteServerResult", description="What was deleted, or why not."),
]


@strawberry.type
class ServerMutations:
    """The server fields of Mutation."""

    @strawberry.mutation(
        description="Add a server that is already on this machine, or runs elsewhere; it is "
        "started or connected to in the background."
    )
    async def add_server(
        self,
        info: Info,
        input: Annotated[AddServerInput, strawberry.argument(description="The server to add.")],
    ) -> ServerResult:
        """Add."""

        async def work() -> ServerType:
            return await _shown(
                info, add_server(info.context.deps, info.context.principal, input.settings())
            )

        return await outcome(work())

    @strawberry.mutation(
        description="Change a server. Calls in flight finish as they began; new ones see it."
    )
    async def update_server(
        self,
        info: Info,
        input: Annotated[UpdateServerInput, strawberry.argument(description="What to change.")],
    ) -> ServerResult:
        """Update."""

        async def work() -> ServerType:
            deps, caller = info.context.deps, info.context.principal
            return await _shown(
                info, update_server(deps, caller, input.server_name, input.changes())
            )

        return await outcome(work())

    @strawberry.mutation(description="Allow calls of a server's tools.")
    async def enable_server(
        self,
        info: Info,
        input: Annotated[ServerNameInput, strawberry.argument(description="Which server.")],
    ) -> ServerResult:
        """Enable."""
        work = _set_enabled(info, input.server_name, is_enabled=True)
        return await outcome(_shown(info, work))

    @strawberry.mutation(description="Refuse calls of a server's tools, and end its sessions.")
    async def disable_server(
        self,
        info: Info,
        input: Annotated[ServerNameInput, strawberry.argument(description="Which server.")],
    ) -> ServerResult:
        """Disable."""
        work = _set_enabled(info, input.server_name, is_enabled=False)
        return await outcome(_shown(info, work))

    @strawberry.mutation(
        description="Replace a server's sessions, in every process, by new ones, also "
        "where it is being left alone after failures. Calls in flight finish as they began."
    )
    async def restart_server(
        self,
        info: Info,
        input: Annotated[ServerNameInput, strawberry.argument(description="Which server.")],
    ) -> ServerResult:
        """Restart."""
        work = restart_server(info.context.deps, info.context.principal, input.server_name)
        return await outcome(_shown(info, work))

    @strawberry.mutation(
        description="Delete a server, its sessions, and every user's secrets for it."
    )
    async def delete_server(
        self,
        info: Info,
        input: Annotated[ServerNameInput, strawberry.argument(description="Which server.")],
    ) -> DeleteServerResult:
        """Delete."""

        async def work() -> DeletedServer:
            await delete_server(info.context.deps, info.context.principal, input.server_name)
            return DeletedServer(server_name=input.server_name)

        return await outcome(work())


def _set_enabled(info: Info, name: str, *, is_enabled: bool) -> Awaitable[Server]:
    context = info.context
    return set_server_enabled(context.deps, context.principal, name, is_enabled=is_enabled)


async def _shown(info: Info, work: Awaitable[Server]) -> ServerType:
    return ServerType.of(info.context, await work)
