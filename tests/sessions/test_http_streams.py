"""Event streams over HTTP: broken, resumed, endless, and with more in them than the answer."""

import asyncio
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import METHOD_NOT_FOUND

from tests.servers.http_odd import OddServer, Reply
from tests.sessions.wires import begun
from tests.waiting import until


async def test_string_ids_and_answers_given_twice_are_fine() -> None:
    async def as_json(server: OddServer, reply: Reply) -> None:
        reply.json(reply.result("a string", id=str(reply.id)))

    async def as_events(server: OddServer, reply: Reply) -> None:
        reply.stream()
        reply.writer.write(b": hello\n\nevent: ping\ndata: tick\n\n")
        reply.event(reply.result("for somebody else", id=4711))
        reply.event([reply.result("first", id=str(reply.id))])
        reply.event(reply.result("second"))

    async with begun(OddServer({"json": as_json, "events": as_events})) as session:
        assert await session.call("json") == "a string"
        assert await session.call("events") == "first"
        assert await session.call("fine") == "good"


async def test_a_stream_that_never_ends_holds_up_nobody() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        reply.stream()
        reply.event(reply.result("early"))
        await reply.writer.drain()
        await asyncio.Event().wait()

    server = OddServer({"odd": odd})
    async with begun(server) as session:
        assert await asyncio.gather(*(session.call("odd") for _ in range(5))) == ["early"] * 5
        assert await session.call("fine") == "good"
        # Not read for ever either: their connections are given up after a moment.
        await until(lambda: server.open_connections <= 2, seconds=3)


@pytest.mark.parametrize("is_begun", [False, True])
async def test_a_server_that_never_answers_costs_one_timeout(*, is_begun: bool) -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        if is_begun:
            reply.stream()
            await reply.writer.drain()
        await asyncio.Event().wait()

    server = OddServer({"odd": odd})
    async with begun(server) as session:
        with pytest.raises(MCPError) as caught:
            await session.call("odd", timeout=0.1)
        assert caught.value.error.message == "tools/call was not answered in time"
        await until(lambda: "notifications/cancelled" in server.rpcs())
        told = next(s for s in server.seen if s.rpc == "notifications/cancelled")
        asked = next(s for s in server.seen if s.rpc == "tools/call")
        assert told.body["params"] == {"requestId": asked.body["id"], "reason": "timeout"}
        assert told.headers["mcp-session-id"] == "session-1"
        assert told.headers["mcp-protocol-version"] == "2025-06-18"
        assert await session.call("fine") == "good"


async def test_a_request_that_must_not_be_cancelled_is_not() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        await asyncio.Event().wait()

    server = OddServer({"odd": odd})
    async with begun(server) as session:
        with pytest.raises(MCPError):
            await session.call("odd", timeout=0.1, cancel_on_abandon=False)
        assert await session.call("fine") == "good"
    assert "notifications/cancelled" not in server.rpcs()


async def test_a_stream_that_breaks_is_resumed_after_the_last_event_seen() -> None:
    notified = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}

    async def odd(server: OddServer, reply: Reply) -> None:
        reply.stream()
        reply.event(None, id="one", retry=1)
        reply.event(notified, id="two")

    async def resume(server: OddServer, reply: Reply) -> None:
        last = reply.seen.headers.get("last-event-id")
        if last is None:
            reply.body(405)
            return
        calls = [s for s in server.seen if s.rpc == "tools/call"]
        result = {"content": [{"type": "text", "text": f"after {last}"}]}
        reply.stream()
        if last == "two":
            reply.event(None, id="three")
        else:
            reply.event({"jsonrpc": "2.0", "id": calls[0].body["id"], "result": result})

    server = OddServer({"odd": odd}, own_stream=resume)
    async with begun(server) as session:
        assert await session.call("odd") == "after three"
        await until(lambda: session.heard == ["ToolListChangedNotification"])
        assert server.rpcs().count("tools/call") == 1


async def test_a_broken_stream_that_cannot_be_resumed_fails_its_call() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        reply.stream()
        reply.event(None, id="one", retry=1)
        await reply.writer.drain()
        reply.reset()

    server = OddServer({"odd": odd})
    async with begun(server) as session:
        with pytest.raises(MCPError) as caught:
            await session.call("odd")
        assert caught.value.error.message == "HTTP status 405 Method Not Allowed"
        assert await session.call("fine") == "good"


async def test_resuming_without_end_is_given_up() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        reply.stream()
        reply.event(None, id="one", retry=1)

    async def nothing_new(server: OddServer, reply: Reply) -> None:
        if "last-event-id" not in reply.seen.headers:
            reply.body(405)
        else:
            reply.stream()

    server = OddServer({"odd": odd}, own_stream=nothing_new)
    async with begun(server) as session:
        with pytest.raises(MCPError) as caught:
            await session.call("odd")
        assert caught.value.error.message == "The stream ended without the answer"
    assert sum("last-event-id" in seen.headers for seen in server.seen) == 3


async def test_a_server_that_asks_in_a_stream_is_answered_by_a_post() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        reply.stream()
        asks = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {}}}
        for n, (method, params) in enumerate(
            [("ping", {}), ("elicitation/create", asks), ("no/such/method", {})]
        ):
            reply.event({"jsonrpc": "2.0", "id": f"theirs-{n}", "method": method, "params": params})
        await reply.writer.drain()
        await server.release.wait()
        reply.event(reply.result("thank you"))

    server = OddServer({"odd": odd})

    def answers() -> dict[str, Any]:
        bodies = [seen.body for seen in server.seen if seen.body and seen.rpc is None]
        return {body["id"]: body for body in bodies}

    async with begun(server) as session:
        call = asyncio.create_task(session.call("odd"))
        await until(lambda: len(answers()) == 3)
        server.release.set()
        assert await call == "thank you"
    assert answers()["theirs-0"]["result"] == {}
    assert answers()["theirs-1"]["result"] == {"action": "decline"}
    assert answers()["theirs-2"]["error"]["code"] == METHOD_NOT_FOUND


async def test_the_servers_own_stream_is_taken_up_again() -> None:
    async def own(server: OddServer, reply: Reply) -> None:
        reply.stream()
        times = sum(seen.method == "GET" for seen in server.seen)
        reply.event(
            {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"},
            id=f"event-{times}",
            retry=1,
        )
        if times == 3:
            await reply.writer.drain()
            await asyncio.Event().wait()

    server = OddServer({}, own_stream=own)
    async with begun(server) as session:
        await until(lambda: session.heard == ["ToolListChangedNotification"] * 3)
        assert await session.call("fine") == "good"
    gets = [seen for seen in server.seen if seen.method == "GET"]
    assert [get.headers.get("last-event-id") for get in gets] == [None, "event-1", "event-2"]
    assert {get.headers["mcp-session-id"] for get in gets} == {"session-1"}
    assert server.seen[-1].method == "DELETE"


async def test_a_refused_stream_of_the_servers_own_is_not_asked_for_again() -> None:
    server = OddServer({})
    async with begun(server) as session:
        await until(lambda: any(seen.method == "GET" for seen in server.seen))
        assert await session.call("fine") == "good"
        await until(session.wire._listening.done)
    assert sum(seen.method == "GET" for seen in server.seen) == 1


async def test_an_own_stream_that_is_gone_later_means_that_the_session_is() -> None:
    async def own(server: OddServer, reply: Reply) -> None:
        if "last-event-id" in reply.seen.headers:
            reply.body(404)
            return
        reply.stream()
        reply.event(None, id="one", retry=1)

    async with begun(OddServer({}, own_stream=own)) as session:
        await until(session.wire.closed.is_set)
        assert await session.wire.how_it_ended() == "it no longer knows this session"
