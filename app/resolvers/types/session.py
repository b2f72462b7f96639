"""Sessions: the live connections to servers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.domain.session import SessionState, SessionView
from app.resolvers.context import Info
from app.resolvers.enums import describe_enum
from app.resolvers.types.node import Node, node_id
from app.services.sessions import memory_of

if TYPE_CHECKING:
    from app.resolvers.types.server import ServerType

describe_enum(
    SessionState,
    "SessionState",
    "Where a session stands.",
    {
        SessionState.WAITING: "It waits for room: no more sessions may be started right now.",
        SessionState.STARTING: "It is being started or connected to.",
        SessionState.READY: "It takes calls.",
        SessionState.DRAINING: "It takes no new calls, and ends when those in flight are done.",
        SessionState.BACKING_OFF: "It has ended unasked, and is started again after a pause.",
        SessionState.FAILED: "It has ended unasked several times in a row, and is left alone "
        "for a minute or until the next call.",
        SessionState.ENDED: "It is gone. Only `sessionChanged` shows this.",
    },
)


@strawberry.type(
    name="Session",
    description="A connection to a server, live or about to be, in the process that answers.",
)
class SessionType(Node):
    """One session."""

    view: strawberry.Private[SessionView]
    server_name: str = strawberry.field(description="The server it is connected to.")
    owner: str | None = strawberry.field(
        description="The user it serves; null for one that all users share."
    )
    state: SessionState = strawberry.field(description="Where it stands.")
    since: datetime = strawberry.field(description="When it came into that state.")
    pid: int | None = strawberry.field(description="The process id of a server on this machine.")
    protocol_version: str | None = strawberry.field(
        description="The revision of MCP that was agreed on."
    )
    restarts: int = strawberry.field(description="How often it was started after the first time.")
    last_error: str | None = strawberry.field(
        description="Why it did not start or ended, the last time that it did so unasked."
    )
    stderr: list[str] = strawberry.field(
        description="The last lines its server wrote to stderr, oldest first, with secret "
        "values masked."
    )
    calls_in_flight: int = strawberry.field(description="How many calls it has not answered yet.")
    last_used_at: datetime | None = strawberry.field(description="When its last call ended.")

    @strawberry.field(description="The server it is connected to; null when that is deleted.")
    async def server(
        self, info: Info
    ) -> Annotated["ServerType", strawberry.lazy("app.resolvers.types.server")] | None:
        """The edge to the server."""
        from app.resolvers.types.server import ServerType  # noqa: PLC0415 - the types refer to each other

        server = await info.context.loaders.servers.load(self.server_name)
        return None if server is None else ServerType.of(info.context, server)

    # Not an Int: GraphQL's has 32 bits, and 2 GiB are no rarity.
    @strawberry.field(
        description="The memory that its process and that process's descendants hold, in bytes."
    )
    async def memory_bytes(self, info: Info) -> float | None:
        """What the operating system says right now."""
        return await memory_of(info.context.deps, self.view)

    @classmethod
    def of(cls, view: SessionView) -> Self:
        """The GraphQL session."""
        return cls(
            view=view,
            id=node_id("Session", view.id),
            server_name=view.key.server_name,
            owner=view.key.owner,
            state=view.state,
            since=view.since,
            pid=view.pid,
            protocol_version=view.protocol_version,
            restarts=view.restarts,
            last_error=view.last_error,
            stderr=[*view.stderr],
            calls_in_flight=view.calls_in_flight,
            last_used_at=view.last_used_at,
        )
