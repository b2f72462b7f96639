"""Calling a tool as a subscription."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from app.domain.errors import AppError
from app.domain.session import LogMessage, Progress
from app.resolvers.context import Info
from app.resolvers.mutations.tools import CallToolInput, CallToolResult
from app.resolvers.types.error import render_error
from app.resolvers.types.tool import ToolResult
from app.services.call_stream import CallEvent, CallStarted, stream_call


@strawberry.type(description="The call has begun, and can be cancelled by its id.")
class ToolCallStarted:
    """The first event."""

    call_id: strawberry.ID = strawberry.field(description="The call's id, as in the log.")


@strawberry.type(description="The tool has reported progress; that also extends its deadline.")
class ToolCallProgress:
    """A progress notification."""

    call_id: strawberry.ID = strawberry.field(description="The call's id.")
    progress: float = strawberry.field(description="How far it is; it only grows.")
    total: float | None = strawberry.field(description="What it grows to, where that is known.")
    message: str | None = strawberry.field(description="What is happening, for people.")


@strawberry.type(description="The tool has logged something while it worked.")
class ToolCallLog:
    """A log message."""

    call_id: strawberry.ID = strawberry.field(description="The call's id.")
    level: str = strawberry.field(description="How grave it is, such as `info` or `error`.")
    logger: str | None = strawberry.field(description="The part of the server that says so.")
    data: JSON | None = strawberry.field(description="What it says: a text, or anything else.")


@strawberry.type(description="The call is over; there is no event after this one.")
class ToolCallFinished:
    """The last event."""

    call_id: strawberry.ID = strawberry.field(description="The call's id.")
    result: CallToolResult = strawberry.field(
        description="What the tool answered, or why there is no answer."
    )


ToolCallEvent = Annotated[
    ToolCallStarted | ToolCallProgress | ToolCallLog | ToolCallFinished,
    strawberry.union("ToolCallEvent", description="What happens during a call, in order."),
]


@strawberry.type
class ToolSubscriptions:
    """The tool fields of Subscription."""

    @strawberry.subscription(
        description="Call a tool as `callTool` does, and watch it work. Ending the subscription "
        "before its last event cancels the call, and its server is told."
    )
    async def tool_call(
        self,
        info: Info,
        input: Annotated[CallToolInput, strawberry.argument(description="What to call.")],
    ) -> AsyncGenerator[ToolCallEvent, None]:
        """Call, step by step."""
        context, call = info.context, input.call()
        call_id = strawberry.ID("")
        async with aclosing(stream_call(context.deps, context.principal, call)) as events:
            async for event in events:
                if isinstance(event, CallStarted):
                    call_id = strawberry.ID(event.call_id)
                yield _render(call_id, event)


def _render(
    call_id: strawberry.ID, event: CallEvent
) -> ToolCallStarted | ToolCallProgress | ToolCallLog | ToolCallFinished:
    if isinstance(event, CallStarted):
        return ToolCallStarted(call_id=call_id)
    if isinstance(event, Progress):
        return ToolCallProgress(
            call_id=call_id,
            progress=event.progress,
            total=event.total,
            message=event.message,
        )
    if isinstance(event, LogMessage):
        data = None if event.data is None else JSON(event.data)
        return ToolCallLog(call_id=call_id, level=event.level, logger=event.logger, data=data)
    result = event.result
    shown: Any = (
        render_error(result) if isinstance(result, AppError) else ToolResult(outcome=result)
    )
    return ToolCallFinished(call_id=call_id, result=shown)
