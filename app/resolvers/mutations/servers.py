"""Mutations of servers."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.domain.server import (
    DEFAULT_STARTUP_SECONDS,
    Server,
    ServerChanges,
    ServerSettings,
    Transport,
)
from app.domain.unset import UNSET, Unset
from app.resolvers.context import Info
from app.resolvers.inputs import string_map
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from app.resolvers.types.server import ServerType
from app.services.servers import add_server, delete_server, set_server_enabled, update_server


@strawberry.input(description="A server to add.")
class AddServerInput:
    """The input of addServer."""

    name: str = strawberry.field(description="The unique name to give it.")
    command: str = strawberry.field(description="The program that starts it.")
    args: list[str] = strawberry.field(default_factory=list, description="The program's arguments.")
    env: JSON | None = strawberry.field(
        default=None,
        description="Environment variables for it, an object of strings. Not for secrets.",
    )
    cwd: str | None = strawberry.field(default=None, description="The folder to start it in.")
    transport: Transport = strawberry.field(
        default=Transport.STDIO, description="How it is spoken to."
    )
    secret_names: list[str] = strawberry.field(
        default_factory=list, description="The secrets its tools expect of each user."
    )
    enabled: bool = strawberry.field(default=True, description="Whether it may be called.")
    display_name: str | None = strawberry.field(default=None, description="A name for people.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    startup_timeout_seconds: float = strawberry.field(
        default=DEFAULT_STARTUP_SECONDS, description="How long it may take to start, in seconds."
    )

    def settings(self) -> ServerSettings:
        """The settings as domain data."""
        return ServerSettings(
            name=self.name,
            command=self.command,
            display_name=self.display_name,
            description=self.description,
            transport=self.transport,
            args=tuple(self.args),
            env={} if self.env is None else string_map(self.env, "env"),
            cwd=self.cwd,
            secret_names=tuple(self.secret_names),
            startup_timeout_seconds=self.startup_timeout_seconds,
            is_enabled=self.enabled,
        )


@strawberry.input(description="Changes to a server; what is left out stays as it is.")
class UpdateServerInput:
    """The input of updateServer."""

    name: str = strawberry.field(description="The server to change.")
    command: strawberry.Maybe[str] = strawberry.field(description="The program that starts it.")
    args: strawberry.Maybe[list[str]] = strawberry.field(description="The program's arguments.")
    env: strawberry.Maybe[JSON] = strawberry.field(
        description="Environment variables for it, an object of strings; replaces all of them."
    )
    cwd: strawberry.Maybe[str | None] = strawberry.field(
        description="The folder to start it in; null for the service's own."
    )
    transport: strawberry.Maybe[Transport] = strawberry.field(description="How it is spoken to.")
    secret_names: strawberry.Maybe[list[str]] = strawberry.field(
        description="The secrets its tools expect of each user."
    )
    enabled: strawberry.Maybe[bool] = strawberry.field(description="Whether it may be called.")
    display_name: strawberry.Maybe[str | None] = strawberry.field(
        description="A name for people; null for none."
    )
    description: strawberry.Maybe[str | None] = strawberry.field(
        description="What it is for; null for nothing."
    )
    startup_timeout_seconds: strawberry.Maybe[float] = strawberry.field(
        description="How long it may take to start, in seconds."
    )

    def changes(self) -> ServerChanges:
        """The changes as domain data."""
        return ServerChanges(
            command=UNSET if self.command is None else self.command.value,
            args=UNSET if self.args is None else tuple(self.args.value),
            env=UNSET if self.env is None else string_map(self.env.value, "env"),
            cwd=UNSET if self.cwd is None else self.cwd.value,
            transport=UNSET if self.transport is None else self.transport.value,
            secret_names=_names(self.secret_names),
            is_enabled=UNSET if self.enabled is None else self.enabled.value,
            display_name=UNSET if self.display_name is None else self.display_name.value,
            description=UNSET if self.description is None else self.description.value,
            startup_timeout_seconds=UNSET
            if self.startup_timeout_seconds is None
            else self.startup_timeout_seconds.value,
        )


@strawberry.input(description="A server by its name.")
class ServerNameInput:
    """The input of mutations that need no more than a name."""

    name: str = strawberry.field(description="The server's exact name.")


@strawberry.type(description="A finished deletion.")
class DeletedServer:
    """The success of deleteServer."""

    name: str = strawberry.field(description="The server that is gone.")


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
        description="Add a server that is already on this machine; it starts in the background."
    )
    async def add_server(
        self,
        info: Info,
        input: Annotated[AddServerInput, strawberry.argument(description="The server to add.")],
    ) -> ServerResult:
        """Add."""

        async def work() -> ServerType:
            return await _shown(info, add_server(info.context.deps, input.settings()))

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
            deps = info.context.deps
            return await _shown(info, update_server(deps, input.name, input.changes()))

        return await outcome(work())

    @strawberry.mutation(description="Allow calls of a server's tools.")
    async def enable_server(
        self,
        info: Info,
        input: Annotated[ServerNameInput, strawberry.argument(description="Which server.")],
    ) -> ServerResult:
        """Enable."""
        work = set_server_enabled(info.context.deps, input.name, is_enabled=True)
        return await outcome(_shown(info, work))

    @strawberry.mutation(description="Refuse calls of a server's tools, and end its sessions.")
    async def disable_server(
        self,
        info: Info,
        input: Annotated[ServerNameInput, strawberry.argument(description="Which server.")],
    ) -> ServerResult:
        """Disable."""
        work = set_server_enabled(info.context.deps, input.name, is_enabled=False)
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
            await delete_server(info.context.deps, input.name)
            return DeletedServer(name=input.name)

        return await outcome(work())


async def _shown(info: Info, work: Awaitable[Server]) -> ServerType:
    return ServerType.of(info.context.deps, await work)


def _names(given: strawberry.Maybe[list[str]]) -> tuple[str, ...] | Unset:
    return UNSET if given is None else tuple(given.value)
