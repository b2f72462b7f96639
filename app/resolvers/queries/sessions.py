"""Queries for sessions."""

from typing import Annotated

import strawberry

from app.domain.session import SessionFilter, SessionState
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.node import After, Connection, First
from app.resolvers.types.session import SessionType
from app.services.sessions import list_sessions, page_key


@strawberry.input(name="SessionFilter", description="Which sessions are meant; nothing means any.")
class SessionFilterInput:
    """The filter of sessions."""

    server_name: str | None = strawberry.field(default=None, description="Those of this server.")
    state: SessionState | None = strawberry.field(default=None, description="Those in this state.")


@strawberry.type
class SessionQueries:
    """The session fields of Query."""

    @strawberry.field(
        description="The sessions of the process that answers, by server; those of other users "
        "only for callers who may act for them."
    )
    async def sessions(
        self,
        info: Info,
        filter: Annotated[
            SessionFilterInput | None, strawberry.argument(description="Which are meant.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[SessionType]:
        """A page of sessions."""
        context = info.context
        only = (
            SessionFilter() if filter is None else SessionFilter(filter.server_name, filter.state)
        )
        asked = page_request("sessions", first, after)
        page = await list_sessions(context.deps, context.principal, only, asked)
        return Connection[SessionType].of("sessions", page, page_key, SessionType.of)
