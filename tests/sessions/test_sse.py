"""HTTP+SSE, the transport of 2024-11-05: to the SDK's server, and to servers that misbehave."""

import asyncio
import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from app.sessions.http_pool import HttpPool
from app.sessions.sse import SseWire
from app.sessions.wire import CannotOpen, ConnectionClosed, NotDelivered
from tests.servers.http_odd import HUGE, OddServer, Reply
from tests.servers.http_sdk import Subject, over_sse
from tests.sessions.wires import connected, http_launch
from tests.waiting import open_files, until


class SseServer:
    """An odd server whose answers to POSTs go out on the last stream that was opened."""

    def __init__(self, address: str = "/post?session=1", **oddities: Any) -> None:
        self.address = address
        self.oddities = oddities
        self.http = OddServer({}, own_stream=self.stream, first=self.post)
        self.stream_reply: Reply | None = None

    async def stream(self, server: OddServer, reply: Reply) -> None:
        reply.stream()
        reply.writer.write(f"event: endpoint\ndata: {self.address}\n\n".encode())
        self.stream_reply = reply
        await self.http.release.wait()

    async def post(self, reply: Reply) -> bool:
        if reply.seen.method != "POST":
            return False
        body, stream = reply.seen.body, self.stream_reply
        assert stream is not None
        if reply.seen.rpc == "initialize":
            result: dict[str, Any] = {
                "protocolVersion": "2024-11-05",
                "capabilities": {},
                "serverInfo": {"name": "old", "version": "0"},
            }
            stream.event({"jsonrpc": "2.0", "id": body["id"], "result": result})
        elif reply.seen.rpc == "tools/call":
            name = body["params"]["name"]
            if name in self.oddities:
                await self.oddities[name](self, reply)
                return True
            said = body["params"]["arguments"].get("text", "good")
            message = reply.result(said)
            stream.event(message)
        reply.body(202, b"Accepted")
        return True


async def test_a_hundred_calls_at_once_get_their_own_answers() -> None:
    subject = Subject()
    async with over_sse(subject) as url, connected(url, make=SseWire) as session:
        await session.client.initialize()
        assert len((await session.client.list_tools()).tools) == 8
        calls = (session.call("echo", {"text": f"number {n}"}) for n in range(100))
        assert await asyncio.gather(*calls) == [f"number {n}" for n in range(100)]


async def test_progress_questions_and_changes_come_on_the_stream() -> None:
    subject, told = Subject(), []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        await asyncio.sleep(0)
        told.append((progress, total, message))

    async with over_sse(subject) as url, connected(url, make=SseWire) as session:
        await session.client.initialize()
        assert await session.call("progress", {"times": 20}, on_progress=on_progress) == "done"
        assert told == [(n, 20, f"step {n}") for n in range(20)]
        assert await session.call("ask") == "decline"
        await session.call("grow")
        await until(lambda: session.heard == ["ToolListChangedNotification"])


@pytest.mark.parametrize("seconds", [None, 0.2])
async def test_a_call_given_up_is_cancelled_at_the_server(seconds: float | None) -> None:
    subject = Subject()
    options = {} if seconds is None else {"timeout": seconds}
    async with over_sse(subject) as url, connected(url, make=SseWire) as session:
        await session.client.initialize()
        call = asyncio.create_task(session.call("forever", **options))
        await until(lambda: subject.started == ["forever"])
        if seconds is None:
            call.cancel()
        with pytest.raises((asyncio.CancelledError, MCPError)):
            await call
        await until(lambda: subject.cancelled == ["forever"])
        assert await session.call("echo", {"text": "still here"}) == "still here"


async def test_nothing_is_left_open() -> None:
    async with over_sse(Subject()) as url:
        before = open_files()
        async with connected(url, make=SseWire) as session:
            await session.client.initialize()
            for _ in range(10):
                await session.call("echo")
            assert (open_files() - before) / 2 <= 4
        await until(lambda: open_files() <= before)


async def test_a_stream_that_ends_ends_the_session_and_fails_what_waits() -> None:
    async def silent(server: SseServer, reply: Reply) -> None:
        reply.body(202)

    server = SseServer(silent=silent)
    async with server.http.serving(), connected(server.http.url, make=SseWire) as session:
        await session.client.initialize()
        calls = [asyncio.create_task(session.call("silent")) for _ in range(3)]
        await until(lambda: server.http.rpcs().count("tools/call") == 3)
        server.http.release.set()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(r) for r in results] == [ConnectionClosed] * 3
        assert session.wire.closed.is_set()
        assert await session.wire.how_it_ended() == "its event stream ended"
        with pytest.raises(NotDelivered):
            await session.call("fine")


@pytest.mark.parametrize(
    ("status", "message"), [(500, "HTTP status 500 Internal Server Error"), (None, "broke")]
)
async def test_a_post_that_fails_costs_its_own_call(status: int | None, message: str) -> None:
    async def odd(server: SseServer, reply: Reply) -> None:
        if status is None:
            reply.reset()
        else:
            reply.body(status)

    server = SseServer(odd=odd)
    async with server.http.serving(), connected(server.http.url, make=SseWire) as session:
        await session.client.initialize()
        with pytest.raises(MCPError, match=message):
            await session.call("odd")
        assert await session.call("fine") == "good"
        assert {s.path for s in server.http.seen if s.method == "POST"} == {"/post?session=1"}


async def test_a_server_that_forgot_the_session_ends_it() -> None:
    async def odd(server: SseServer, reply: Reply) -> None:
        reply.body(404)

    server = SseServer(odd=odd)
    async with server.http.serving(), connected(server.http.url, make=SseWire) as session:
        await session.client.initialize()
        with pytest.raises(NotDelivered) as caught:
            await session.call("odd")
        assert caught.value.reason == "it no longer knows this session"
        assert session.wire.closed.is_set()


async def test_an_answer_may_come_before_its_post_is_acknowledged() -> None:
    async def eager(server: SseServer, reply: Reply) -> None:
        assert server.stream_reply is not None
        server.stream_reply.writer.write(b"data: {garbage\n\nevent: ping\ndata: tick\n\n")
        server.stream_reply.event(reply.result("early", id=str(reply.id)))
        server.stream_reply.event(reply.result("again"))
        await asyncio.Event().wait()

    server = SseServer(eager=eager)
    async with server.http.serving(), connected(server.http.url, make=SseWire) as session:
        await session.client.initialize()
        assert await session.call("eager") == "early"
        assert await session.call("fine") == "good"


async def test_an_event_too_large_ends_the_session_and_says_why() -> None:
    async def huge(server: SseServer, reply: Reply) -> None:
        assert server.stream_reply is not None
        server.stream_reply.writer.write(b"data: " + json.dumps("x" * HUGE).encode() + b"\n\n")
        reply.body(202)

    server = SseServer(huge=huge)
    async with server.http.serving(), connected(server.http.url, make=SseWire) as session:
        await session.client.initialize()
        with pytest.raises(ConnectionClosed):
            await session.call("huge")
        told = "its event stream ended: The answer is larger than 16 MiB"
        assert await session.wire.how_it_ended() == told


async def cannot_open(server: OddServer) -> str:
    pool = HttpPool()
    async with server.serving():
        wire = SseWire(pool, http_launch(server.url))
        with pytest.raises(CannotOpen) as caught:
            await wire.open()
        await wire.end(grace_seconds=1)
        await wire.end(grace_seconds=1)
        await pool.close()
    return str(caught.value)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://localhost:1/post", "it names an address on another origin"),
        ("//example.com/post", "it names an address on another origin"),
        ("http://[", "it names no valid address"),
    ],
)
async def test_messages_go_to_no_other_origin(address: str, reason: str) -> None:
    told = await cannot_open(SseServer(address).http)
    assert told == f"it offers no event stream: {reason}"


async def test_a_server_without_such_a_stream_is_told_so() -> None:
    async def ends(server: OddServer, reply: Reply) -> None:
        reply.stream()
        reply.event({"jsonrpc": "2.0", "method": "notifications/x"})

    async def page(server: OddServer, reply: Reply) -> None:
        reply.body(200, b"<html>", content_type="text/html")

    start = "it offers no event stream: "
    assert await cannot_open(OddServer({})) == start + "HTTP status 405 Method Not Allowed"
    assert await cannot_open(OddServer({}, own_stream=page)) == start + "it is 'text/html'"
    early = start + "it ended before it named an address"
    assert await cannot_open(OddServer({}, own_stream=ends)) == early


async def test_a_refused_connection_cannot_be_opened() -> None:
    pool = HttpPool()
    wire = SseWire(pool, http_launch("http://127.0.0.1:1/sse"))
    with pytest.raises(CannotOpen, match="connection refused"):
        await wire.open()
    await pool.close()


async def test_a_start_that_is_given_up_leaves_nothing_open() -> None:
    async def silent(server: OddServer, reply: Reply) -> None:
        reply.stream()
        await reply.writer.drain()
        await asyncio.Event().wait()

    server, pool = OddServer({}, own_stream=silent), HttpPool()
    async with server.serving():
        wire = SseWire(pool, http_launch(server.url))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await wire.open()
        await until(lambda: server.open_connections == 0)
        await wire.end(grace_seconds=1)
    await pool.close()
