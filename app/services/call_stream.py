"""A tool call as a stream of events."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from app.domain.call import ToolCall, ToolOutcome
from app.domain.errors import AppError
from app.domain.life import new_call_id
from app.domain.principal import Principal
from app.domain.session import LogMessage, Progress
from app.services.calls import call_tool
from app.services.deps import Deps

# Beyond so many unread events the newest are left out; the result never is.
QUEUE_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The call is under way, and can be cancelled by this id."""

    call_id: str


@dataclass(frozen=True, slots=True)
class CallFinished:
    """The last event: what the tool answered, or why there is no answer."""

    call_id: str
    result: ToolOutcome | AppError


CallEvent = CallStarted | Progress | LogMessage | CallFinished


class _Queue:
    """The listener of one call."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[CallEvent | None] = asyncio.Queue()

    def on_progress(self, progress: Progress) -> None:
        """Keep it for the reader."""
        self._offer(progress)

    def on_log(self, message: LogMessage) -> None:
        """Keep it for the reader."""
        self._offer(message)

    def _offer(self, event: CallEvent) -> None:
        if self.events.qsize() < QUEUE_EVENTS:
            self.events.put_nowait(event)


async def stream_call(
    deps: Deps, caller: Principal, call: ToolCall
) -> AsyncGenerator[CallEvent, None]:
    """Call a tool, and tell what happens meanwhile; a reader who goes away cancels the call."""
    call_id = new_call_id(deps.life)
    queue = _Queue()
    work = asyncio.create_task(_outcome(deps, caller, call, call_id, queue))
    work.add_done_callback(lambda _: queue.events.put_nowait(None))
    try:
        yield CallStarted(call_id)
        while (event := await queue.events.get()) is not None:
            yield event
        yield CallFinished(call_id, work.result())
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def _outcome(
    deps: Deps, caller: Principal, call: ToolCall, call_id: str, queue: _Queue
) -> ToolOutcome | AppError:
    try:
        return await call_tool(deps, caller, call, call_id=call_id, listener=queue)
    except AppError as error:
        return error
