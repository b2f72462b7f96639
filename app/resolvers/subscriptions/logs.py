"""Subscriptions to what servers write."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Self

import strawberry

from app.domain.session import LogLine
from app.resolvers.context import Info
from app.services.server_log import follow_log


@strawberry.type(name="LogLine", description="A line that a server wrote to stderr.")
class LogLineType:
    """One line."""

    line: str = strawberry.field(description="The line, with secret values masked.")
    owner: str | None = strawberry.field(
        description="The user whose session it is; null for one that all users share."
    )
    at: datetime = strawberry.field(description="When it came.")

    @classmethod
    def of(cls, line: LogLine) -> Self:
        """The GraphQL line."""
        return cls(line=line.line, owner=line.key.owner, at=line.at)


@strawberry.type
class LogSubscriptions:
    """The log fields of Subscription."""

    @strawberry.subscription(
        description="What a server writes to stderr in the process that answers, from now on; "
        "`Server.logs` has what it wrote before. The lines of other users' sessions only for "
        "callers who may act for them."
    )
    async def server_log(
        self,
        info: Info,
        server_name: Annotated[str, strawberry.argument(description="The server's exact name.")],
    ) -> AsyncGenerator[LogLineType, None]:
        """Lines."""
        context = info.context
        async with aclosing(follow_log(context.deps, context.principal, server_name)) as lines:
            async for line in lines:
                yield LogLineType.of(line)
