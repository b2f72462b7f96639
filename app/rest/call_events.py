"""A tool call as server-sent events (HTML Living Standard, section 9.2)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

import orjson
from starlette.requests import Request
from starlette.responses import StreamingResponse

from app.domain.call import ToolCall
from app.domain.errors import AppError
from app.domain.session import LogMessage, Progress
from app.edge.envelope import failure_body
from app.edge.head import head_of
from app.edge.principal import principal_of
from app.rest.failures import in_our_units
from app.rest.parsing import deps_of
from app.services.call_stream import CallEvent, CallStarted, stream_call

# Proxies end connections that are silent for a minute.
PULSE_SECONDS = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def wants_events(request: Request) -> bool:
    """Whether the client asks for a stream of events."""
    return "text/event-stream" in head_of(request.scope).accept


def call_events(request: Request, call: ToolCall) -> StreamingResponse:
    """The call's events; a client that goes away cancels the call."""
    events = stream_call(deps_of(request), principal_of(request), call)
    return StreamingResponse(_lines(events), headers=HEADERS, media_type="text/event-stream")


async def _lines(events: AsyncGenerator[CallEvent, None]) -> AsyncIterator[bytes]:
    """Each event as it goes over the wire, and a comment where there was none for a while."""
    async with aclosing(events):
        following = asyncio.ensure_future(anext(events, None))
        try:
            while True:
                done, _ = await asyncio.wait([following], timeout=PULSE_SECONDS)
                if not done:
                    yield b": still at work\n\n"
                    continue
                event = following.result()
                if event is None:
                    return
                yield _line(event)
                following = asyncio.ensure_future(anext(events, None))
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def _line(event: CallEvent) -> bytes:
    name, data = _shown(event)
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))


def _shown(event: CallEvent) -> tuple[str, Mapping[str, object]]:
    if isinstance(event, CallStarted):
        return "started", {"callId": event.call_id}
    if isinstance(event, Progress):
        told = {"total": event.total, "message": event.message}
        given = {name: value for name, value in told.items() if value is not None}
        return "progress", {"progress": event.progress, **given}
    if isinstance(event, LogMessage):
        return "log", {"level": event.level, "logger": event.logger, "data": event.data}
    if isinstance(event.result, AppError):
        return "error", failure_body(in_our_units(event.result))
    return "result", {"success": True, "data": event.result.raw}
