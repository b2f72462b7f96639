"""Clients that leave, of small ASGI applications driven by hand."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from tests.edge.wire import (
    BODY,
    DEADLINE_SECONDS,
    DISCONNECT,
    EMPTY,
    END,
    Slow,
    Wire,
    entrance,
    past_patience,
    serving,
    start,
)


@pytest.mark.parametrize(
    ("wire", "reads"), [(Wire(BODY), True), (Wire(EMPTY, method="GET"), False)], ids=["POST", "GET"]
)
async def test_work_ends_with_its_client_and_one_line_is_logged(
    caplog: pytest.LogCaptureFixture,
    wire: Wire,
    reads: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    app = Slow(reads=reads)
    with caplog.at_level(logging.DEBUG, "app"):
        await asyncio.gather(wire.serve(app), wire.hang_up())
    assert app.has_cleaned_up
    assert wire.sent == []
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert record.getMessage() == f"The client of {wire.scope['method']} /call has gone."


async def test_empty_remains_of_a_body_are_no_hangup() -> None:
    app, wire = Slow(), Wire(BODY, EMPTY, EMPTY)
    await asyncio.gather(wire.serve(app), wire.hang_up())
    assert (app.has_cleaned_up, wire.calls) == (True, 4)


async def test_a_quick_request_costs_no_task_and_no_message() -> None:
    tasks: list[set[asyncio.Task[Any]]] = []

    async def quick(scope: Scope, receive: Receive, send: Send) -> None:
        assert await receive() == BODY
        tasks.append(asyncio.all_tasks())
        await send(start())
        await send(END)

    wire = Wire(BODY)
    before = asyncio.all_tasks()
    await wire.serve(quick)
    assert (tasks, wire.calls, wire.status, wire.sent[1:]) == ([before], 1, 200, [END])


async def test_a_slow_request_leaves_nothing_for_the_garbage_collector() -> None:
    """Under load most requests are slow, and each collection stops everybody."""
    wire = Wire(BODY)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await wire.is_asked.wait()  # by the watch
        await send(start())
        await send(END)

    served = entrance(slow)
    gc.collect()
    gc.disable()
    try:
        await served(wire.scope, wire.receive, wire.send)
        await asyncio.sleep(0)  # the watch's own wait ends
        await asyncio.sleep(0)
        assert gc.collect() == 0
    finally:
        gc.enable()


async def test_a_body_that_is_not_read_is_left_alone_until_it_is() -> None:
    wire = Wire(BODY)
    calls = []

    async def late_reader(scope: Scope, receive: Receive, send: Send) -> None:
        await past_patience()
        calls.append(wire.calls)
        assert await receive() == BODY
        await asyncio.Event().wait()

    await asyncio.gather(wire.serve(late_reader), wire.hang_up())
    assert (calls, wire.calls) == ([0], 2)


async def test_a_late_reader_without_a_body_is_handed_an_empty_one() -> None:
    wire, heard = Wire(EMPTY, method="GET"), []

    async def late_reader(scope: Scope, receive: Receive, send: Send) -> None:
        await wire.is_asked.wait()  # by the watch
        heard.append(await receive())
        asyncio.get_running_loop().call_soon(wire.say, DISCONNECT)
        heard.append(await receive())

    await wire.serve(late_reader)
    assert heard == [EMPTY, DISCONNECT]


@pytest.mark.parametrize("is_late", [False, True])
async def test_an_application_that_listens_is_told_and_ends_in_its_own_way(
    is_late: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    wire, heard = Wire(BODY), []

    async def listener(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(await receive())
        if is_late:
            await wire.is_asked.wait()  # by the watch
        heard.append(await receive())
        await past_patience()
        heard.append(await receive() if is_late else DISCONNECT)

    async def hang_up_twice() -> None:
        await past_patience()
        await wire.hang_up()

    await asyncio.gather(wire.serve(listener), hang_up_twice())
    assert heard == [BODY, DISCONNECT, DISCONNECT]


async def test_a_stream_of_starlette_ends_with_its_client() -> None:
    wire, ends = Wire(BODY), []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"one"
            wire.say(DISCONNECT)
            await asyncio.Event().wait()
        finally:
            ends.append("closed")

    async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await wire.is_asked.wait()  # by the watch: the stream finds it waiting
        await StreamingResponse(pieces())(scope, receive, send)

    await wire.serve(streaming)
    assert ends == ["closed"]


async def test_asking_whether_the_client_is_there_does_not_end_the_watch() -> None:
    wire, answers = Wire(BODY), []

    async def asking(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await request.body()
        answers.append(await request.is_disconnected())
        await past_patience()
        answers.append(await request.is_disconnected())
        await asyncio.Event().wait()

    async def hang_up_late() -> None:
        wire.is_asked.clear()
        while len(answers) < 2:
            await asyncio.sleep(0)
        await wire.hang_up()

    await asyncio.gather(wire.serve(asking), hang_up_late())
    assert answers == [False, False]


async def test_work_after_the_whole_answer_goes_on() -> None:
    wire, ends = Wire(BODY), []

    async def with_background(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await wire.is_asked.wait()  # by the watch: the request is slow
        await send(start())
        await send(END)
        wire.say(DISCONNECT)  # as uvicorn does then
        await past_patience()
        ends.append("done")

    await wire.serve(with_background)
    assert ends == ["done"]


@pytest.mark.parametrize("has_left", [False, True])
async def test_a_cancellation_from_outside_waits_for_the_application_and_is_told_to_the_client(
    has_left: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    app, wire = Slow(), Wire(BODY)
    serving = asyncio.create_task(wire.serve(app))
    await wire.is_asked.wait()
    if has_left:
        wire.say(DISCONNECT)
        while not serving.cancelling():
            await asyncio.sleep(0)
    serving.cancel()
    await serving
    assert app.has_cleaned_up
    assert wire.status == 503


async def test_a_cancellation_that_nobody_asked_for_is_no_hangup() -> None:
    """As where the application waits for work of another request, which is cancelled."""
    wire = Wire(BODY)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await wire.is_asked.wait()  # by the watch
        raise asyncio.CancelledError

    await wire.serve(app)
    assert wire.status == 503


async def test_a_slow_failure_is_answered_as_a_quick_one_is() -> None:
    wire = Wire(BODY)

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await wire.is_asked.wait()  # by the watch
        raise RuntimeError("of the application")

    await wire.serve(failing)
    assert wire.status == 500


async def test_an_application_may_answer_its_cancellation_in_another_way() -> None:
    wire = Wire(BODY)

    async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await Slow()(scope, receive, send)
        await asyncio.sleep(0)
        await send(start())
        await send(END)

    async def served() -> int:
        await wire.serve(stubborn)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    cancellations, _ = await asyncio.gather(served(), wire.hang_up())
    assert (cancellations, wire.status) == (0, 200)


async def test_a_failure_while_watching_is_told_to_the_application_when_it_listens() -> None:
    wire, failures = Wire(BODY), []

    async def broken() -> Message:
        if wire.calls == 0:
            return await wire.receive()
        wire.is_asked.set()
        raise RuntimeError("of the server")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await wire.is_asked.wait()
        await past_patience()
        try:
            await receive()
        except RuntimeError as failure:
            failures.append(str(failure))

    await entrance(app)(wire.scope, broken, wire.send)
    assert failures == ["of the server"]


async def test_context_variables_pass_both_ways() -> None:
    word: ContextVar[str] = ContextVar("word")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        word.set(word.get() + " and from it")

    word.set("to the application")
    await entrance(app)(Wire().scope, Wire().receive, Wire().send)
    assert word.get() == "to the application and from it"


async def test_the_lifespan_passes_untouched() -> None:
    wire = Wire()
    passed: list[object] = []

    async def app(*arguments: object) -> None:
        passed.extend(arguments)

    scope: Scope = {"type": "lifespan"}
    await entrance(app)(scope, wire.receive, wire.send)
    assert passed == [scope, wire.receive, wire.send]


async def test_uvicorn_ends_a_request_whose_client_hangs_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert await Request(scope, receive).body() == b"{}"
        begun.set()
        try:
            await Slow(reads=False)(scope, receive, send)
        finally:
            ended.set()

    config = uvicorn.Config(entrance(app), interface="asgi3", lifespan="off", log_config=None)
    async with asyncio.timeout(DEADLINE_SECONDS), serving(config) as address:
        _, writer = await asyncio.open_connection(*address)
        head = b"POST /call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(head + b"Content-Length: 2\r\n\r\n{}")
        await begun.wait()
        writer.close()
        await ended.wait()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
