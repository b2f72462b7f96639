"""Calling tools."""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from app.domain.call import ToolCall
from app.domain.errors import AppError
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
    render_error,
)
from app.resolvers.types.tool import ToolResult
from app.services.calls import call_tool
from app.services.cancel_call import cancel_call


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
    timeout_seconds: float | None = strawberry.field(
        default=None,
        description="How long the call may take, a server's start included, or go on without "
        "progress; up to 3600. By default what the server's settings say.",
    )

    def call(self) -> ToolCall:
        """The call as domain data."""
        return ToolCall(
            server_name=self.server_name,
            tool_name=self.tool_name,
            arguments={} if self.arguments is None else json_object(self.arguments, "arguments"),
            username=self.username,
            timeout_seconds=self.timeout_seconds,
        )


@strawberry.input(description="A call to cancel.")
class CancelToolCallInput:
    """The input of cancelToolCall."""

    call_id: strawberry.ID = strawberry.field(
        description="Its id, as the first event of `toolCall` told."
    )


@strawberry.type(description="A call has been asked to end, and its server is told.")
class CancelledToolCall:
    """The success of cancelToolCall."""

    call_id: strawberry.ID = strawberry.field(description="The call's id.")


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
CancelToolCallResult = Annotated[
    CancelledToolCall | InvalidInputError | ForbiddenError | NotFoundError | UnavailableError,
    strawberry.union("CancelToolCallResult", description="The cancelled call, or why not."),
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
        context = info.context
        try:
            told = await call_tool(context.deps, context.principal, input.call())
        except AppError as error:  # as by `outcome`, which would be two coroutines more
            why: Any = render_error(error)
            return why
        return ToolResult(outcome=told)

    @strawberry.mutation(
        description="Cancel a call that is under way, in whichever process of the deployment: it "
        "ends with CALL_CANCELLED. What it has done by then is not undone."
    )
    async def cancel_tool_call(
        self,
        info: Info,
        input: Annotated[CancelToolCallInput, strawberry.argument(description="Which call.")],
    ) -> CancelToolCallResult:
        """Cancel."""
        return await outcome(_cancel(info, input))


async def _cancel(info: Info, given: CancelToolCallInput) -> CancelledToolCall:
    await cancel_call(info.context.deps, info.context.principal, given.call_id)
    return CancelledToolCall(call_id=given.call_id)
