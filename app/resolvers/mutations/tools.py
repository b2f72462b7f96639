"""Calling tools."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.domain.call import DEFAULT_TIMEOUT_SECONDS, ToolCall
from app.resolvers.context import Info
from app.resolvers.inputs import json_object
from app.resolvers.mutations.outcome import outcome
from app.resolvers.types.error import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    ServerError,
    UnavailableError,
)
from app.resolvers.types.tool import ToolResult
from app.services.calls import call_tool


@strawberry.input(description="A tool to call, and with what.")
class CallToolInput:
    """The input of callTool."""

    server_name: str = strawberry.field(description="The tool's server.")
    tool_name: str = strawberry.field(description="The tool's exact name.")
    arguments: JSON | None = strawberry.field(
        default=None,
        description="The tool's arguments, an object; the user's secrets are added to it.",
    )
    username: str | None = strawberry.field(
        default=None, description="For whom; by default the caller."
    )
    timeout_seconds: float = strawberry.field(
        default=DEFAULT_TIMEOUT_SECONDS,
        description="How long the call may take, a server's start included; up to 3600.",
    )


CallToolResult = Annotated[
    ToolResult
    | InvalidInputError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | ServerError
    | UnavailableError,
    strawberry.union(
        "CallToolResult", description="What the tool answered, or why it was not called."
    ),
]


@strawberry.type
class ToolMutations:
    """The tool fields of Mutation."""

    @strawberry.mutation(
        description="Call a tool once, with the user's secrets for its server. A tool that "
        "reports failure is a ToolResult with `isError: true`."
    )
    async def call_tool(
        self,
        info: Info,
        input: Annotated[CallToolInput, strawberry.argument(description="What to call.")],
    ) -> CallToolResult:
        """Call."""
        return await outcome(_call(info, input))


async def _call(info: Info, given: CallToolInput) -> ToolResult:
    call = ToolCall(
        server_name=given.server_name,
        tool_name=given.tool_name,
        arguments={} if given.arguments is None else json_object(given.arguments, "arguments"),
        username=given.username,
        timeout_seconds=given.timeout_seconds,
    )
    return ToolResult.of(await call_tool(info.context.deps, info.context.principal, call))
