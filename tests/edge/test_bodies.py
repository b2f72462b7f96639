"""Bodies that take their time, driven by hand."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from tests.edge.wire import BODY, END, Slow, Wire, past_patience, start

PART: Message = {"type": "http.request", "body": b"{", "more_body": True}
REST: Message = {"type": "http.request", "body": b"}", "more_body": False}


class Reading:
    """Reads its whole body and says that it has."""

    def __init__(self, delay: float = 0.0) -> None:
        self.read: bytes | None = None
        self._delay = delay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._delay)
        self.read = await Request(scope, receive).body()
        await send(start())
        await send(END)


@pytest.mark.parametrize("messages", [[], [PART], [PART, PART]])
async def test_a_body_that_is_not_whole_in_time_ends_its_request(
    messages: Sequence[Message],
) -> None:
    app, wire = Reading(), Wire(*messages)
    await wire.serve(app, seconds=0.1)
    assert (app.read, wire.status) == (None, 408)


async def test_a_body_may_come_in_parts_as_long_as_it_is_in_time() -> None:
    app, wire = Reading(), Wire(PART)

    async def trickle() -> None:
        await past_patience()
        wire.say(REST)

    await asyncio.gather(wire.serve(app), trickle())
    assert (app.read, wire.status) == (b"{}", 200)


@pytest.mark.parametrize("messages", [[BODY], [PART, REST]])
async def test_a_body_that_was_there_in_time_may_be_read_late(messages: Sequence[Message]) -> None:
    app, wire = Reading(delay=0.2), Wire(*messages)
    await wire.serve(app, seconds=0.1)
    assert (app.read, wire.status) == (b"{}", 200)


async def test_a_body_that_is_read_too_late_and_not_there_is_not_waited_for() -> None:
    app, wire = Reading(delay=0.2), Wire(PART)
    await wire.serve(app, seconds=0.1)
    assert (app.read, wire.status) == (None, 408)


async def test_work_that_does_not_wait_for_the_body_is_not_ended_by_its_time() -> None:
    wire = Wire(PART)

    async def uninterested(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.2)
        await send(start())
        await send(END)

    await wire.serve(uninterested, seconds=0.1)
    assert wire.status == 200


async def test_a_request_that_was_ended_by_its_body_leaves_no_cancellation_behind() -> None:
    async def served() -> int:
        await Wire(PART).serve(Reading(), seconds=0.1)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert await asyncio.create_task(served()) == 0


async def test_a_stop_while_a_body_comes_is_told_as_a_stop() -> None:
    app, wire = Slow(), Wire(PART)
    serving = asyncio.create_task(wire.serve(app))
    await past_patience()
    serving.cancel()
    await serving
    assert (app.has_cleaned_up, wire.status) == (True, 503)
