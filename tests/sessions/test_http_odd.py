"""Streamable HTTP to servers that misbehave: each failure costs its own request, and no other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import METHOD_NOT_FOUND

from app.domain.launch import HttpLaunch
from app.sessions.http import HttpWire
from app.sessions.http_pool import HttpPool
from app.sessions.wire import CannotOpen, ConnectionClosed, MessageTooBig, NotDelivered
from tests.servers.http_odd import HUGE, OddServer, Reply
from tests.sessions.wires import Session, connected, http_launch
from tests.waiting import until


def status(code: int, body: bytes = b"", **headers: str) -> Any:
    async def behave(server: OddServer, reply: Reply) -> None:
        reply.body(code, body, **headers)

    return behave


async def wrong_type(server: OddServer, reply: Reply) -> None:
    reply.body(200, b"<html>hello</html>", content_type="text/html")


async def broken_json(server: OddServer, reply: Reply) -> None:
    reply.body(200, b'{"jsonrpc": "2.0", "id":', content_type="application/json")


async def no_object(server: OddServer, reply: Reply) -> None:
    reply.json(["what", 7, [[]], None])


async def wrong_id(server: OddServer, reply: Reply) -> None:
    reply.json(reply.result("for somebody else", id=4711))


async def no_result(server: OddServer, reply: Reply) -> None:
    reply.json({"jsonrpc": "2.0", "id": reply.id})


async def ends_early(server: OddServer, reply: Reply) -> None:
    reply.stream()
    reply.event({"jsonrpc": "2.0", "method": "notifications/unheard-of"})


async def garbled_stream(server: OddServer, reply: Reply) -> None:
    reply.stream()
    reply.writer.write(b"id: 7\ndata: {no json\n\n")


async def resets(server: OddServer, reply: Reply) -> None:
    reply.reset()


async def resets_in_mid_answer(server: OddServer, reply: Reply) -> None:
    reply.head(200, content_type="application/json", content_length="1000")
    reply.writer.write(b'{"jsonrpc": "2.0",')
    await reply.writer.drain()
    reply.reset()


async def no_http(server: OddServer, reply: Reply) -> None:
    reply.writer.write(b"220 mail.example.com ESMTP\r\n\r\n")
    reply.is_over = True


async def redirects_away(server: OddServer, reply: Reply) -> None:
    reply.body(307, location="http://localhost:1/mcp?token=hidden")


async def redirects_in_circles(server: OddServer, reply: Reply) -> None:
    reply.body(307, location="/mcp")


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (status(500), "HTTP status 500 Internal Server Error"),
        (status(401, b'{"error": "no"}', content_type="application/json"), "HTTP status 401 Unauthorized"),
        (status(403, b"{", content_type="application/json"), "HTTP status 403 Forbidden"),
        (status(799), "HTTP status 799"),
        (status(202), "It took the request without an answer (HTTP 202)"),
        (status(302, location="/elsewhere"), "HTTP status 302 Found"),
        (wrong_type, "It answered with 'text/html', which is neither JSON nor events"),
        (broken_json, "The answer is no JSON"),
        (no_object, "It answered, but not this request"),
        (wrong_id, "It answered, but not this request"),
        (no_result, "The server's answer has neither a result nor an error"),
        (ends_early, "The stream ended without the answer"),
        (garbled_stream, "The answer is no JSON"),
        (resets, "The connection broke before the answer was complete"),
        (resets_in_mid_answer, "The connection broke before the answer was complete"),
        (no_http, "What it answered is no HTTP"),
        (
            redirects_away,
            "HTTP status 307 Temporary Redirect: it redirects to http://localhost:1, which is not followed",
        ),
        (
            redirects_in_circles,
            "HTTP status 307 Temporary Redirect: it redirects without end",
        ),
    ],
)
async def test_a_bad_answer_fails_its_own_call_and_no_other(
    behaviour: Any, message: str
) -> None:
    async def slow(server: OddServer, reply: Reply) -> None:
        await server.release.wait()
        reply.json(reply.result("slow but good"))

    server = OddServer({"odd": behaviour, "slow": slow})
    async with begun(server) as session:
        waiting = asyncio.create_task(session.call("slow"))
        await until(lambda: server.rpcs().count("tools/call") == 1)
        with pytest.raises(MCPError) as caught:
            await session.call("odd")
        assert caught.value.error.message == message
        assert not isinstance(caught.value, ConnectionClosed)
        server.release.set()
        assert await waiting == "slow but good"
        assert await session.call("fine", {"text": "fine"}) == "fine"
        assert not session.wire.closed.is_set()


async def test_a_json_rpc_error_under_a_bad_status_is_passed_on() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        error = {"code": -32602, "message": "no such thing", "data": [1]}
        reply.json({"jsonrpc": "2.0", "id": None, "error": error}, 400)

    async with begun(OddServer({"odd": odd})) as session:
        with pytest.raises(MCPError) as caught:
            await session.call("odd")
    assert caught.value.error.model_dump() == {
        "code": -32602,
        "message": "no such thing",
        "data": [1],
    }


@pytest.mark.parametrize("is_stream", [False, True])
async def test_an_answer_too_large_fails_alone(pool: HttpPool, is_stream: bool) -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        if is_stream:
            reply.stream()
            reply.event(reply.result("x" * HUGE))
        else:
            reply.json(reply.result("x" * HUGE))

    async with begun(OddServer({"odd": odd})) as session:
        with pytest.raises(MessageTooBig) as caught:
            await session.call("odd")
        assert caught.value.error.message == "The answer is larger than 16 MiB"
        assert await session.call("fine") == "good"


@pytest.mark.parametrize("said", [404, 400])
async def test_a_server_that_forgot_the_session_ends_it_and_the_call_counts_as_unsent(
    said: int
) -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        error = {"code": -32000, "message": "Bad Request: No valid session ID provided"}
        reply.json({"jsonrpc": "2.0", "id": None, "error": error}, said)

    server = OddServer({"odd": odd})
    async with begun(server) as session:
        with pytest.raises(NotDelivered):
            await session.call("odd")
        assert session.wire.closed.is_set()
        assert await session.wire.how_it_ended() == "it no longer knows this session"
        with pytest.raises(NotDelivered):
            await session.call("fine")
    assert "DELETE" not in {seen.method for seen in server.seen}


async def test_without_a_session_404_is_an_unknown_method() -> None:
    server = OddServer({"odd": status(404)}, session_id=None)
    async with begun(server) as session:
        with pytest.raises(MCPError) as caught:
            await session.call("odd")
        assert caught.value.error.code == METHOD_NOT_FOUND
        assert await session.call("fine") == "good"
    assert {"GET", "DELETE"} & {seen.method for seen in server.seen} == set()


async def test_a_method_the_server_does_not_know_is_no_lost_session() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        error = {"code": -32601, "message": "Method not found"}
        reply.json({"jsonrpc": "2.0", "id": reply.id, "error": error}, 404)

    async with begun(OddServer({"odd": odd})) as session:
        with pytest.raises(MCPError) as caught:
            await session.call("odd")
        assert caught.value.error.code == METHOD_NOT_FOUND
        assert await session.call("fine") == "good"


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
async def test_a_server_that_never_answers_costs_one_timeout(
    is_begun: bool
) -> None:
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
        await until(lambda: session.wire._listening.done())
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


async def test_a_slash_more_is_asked_for_once() -> None:
    async def slash(reply: Reply) -> bool:
        if reply.seen.path == "/mcp/":
            return False
        reply.body(307, location="/mcp/")
        return True

    server = OddServer({}, first=slash)
    async with begun(server) as session:
        for _ in range(3):
            assert await session.call("fine") == "good"
    assert [seen.path for seen in server.seen].count("/mcp") == 1


async def test_a_refused_connection_hits_only_its_own_call() -> None:
    async def slow(server: OddServer, reply: Reply) -> None:
        await server.release.wait()
        reply.json(reply.result("slow but good"))

    server = OddServer({"slow": slow}, session_id=None)
    async with begun(server) as session:
        good = session.wire._endpoint.url
        waiting = asyncio.create_task(session.call("slow"))
        await until(lambda: server.rpcs().count("tools/call") == 1)
        session.wire._endpoint.url = good.with_port(1)
        with pytest.raises(NotDelivered) as caught:
            await session.call("fine")
        assert caught.value.error.message == "connection refused"
        session.wire._endpoint.url = good
        server.release.set()
        assert await waiting == "slow but good"
        assert await session.call("fine") == "good"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/mcp", "connection refused"),
        ("http://no-such-host.invalid/mcp", "its host name cannot be resolved"),
        ("https://127.0.0.1:{port}/mcp", "TLS could not be agreed on"),
    ],
)
async def test_why_a_server_cannot_be_reached_is_said(
    url: str, reason: str
) -> None:
    server = OddServer({})
    async with server.serving(), connected(url.format(port=server.port)) as session:
        with pytest.raises(NotDelivered) as caught:
            await session.client.initialize()
        assert caught.value.reason == reason
        assert not session.wire.closed.is_set()


@pytest.mark.parametrize(
    ("url", "headers", "told"),
    [
        ("ftp://example.com", {}, "its address is no http or https URL"),
        ("http://", {}, "its address is not valid"),
        ("http://example.com:port/", {}, "its address is not valid"),
        ("http://example.com/", {"X-Key": "one\r\ntwo"}, "the header 'X-Key' cannot be sent"),
        ("http://example.com/", {"X Key": "one"}, "the header 'X Key' cannot be sent"),
    ],
)
async def test_what_cannot_be_sent_to_is_refused_at_once(
    url: str, headers: dict[str, str], told: str
) -> None:
    wire = HttpWire(pool, http_launch(url, headers))
    with pytest.raises(CannotOpen) as caught:
        await wire.open()
    assert str(caught.value) == told
    await wire.end(grace_seconds=1)
    await wire.end(grace_seconds=1)


async def test_a_name_and_password_in_the_address_are_sent_as_a_header() -> None:
    server = OddServer({})
    async with server.serving():
        url = server.url.replace("//", "//ann:p%40ss@")
        async with connected(url) as session:
            await session.client.initialize()
            assert await session.call("fine") == "good"
    assert {seen.headers["authorization"] for seen in server.seen} == {"Basic YW5uOnBAc3M="}


async def test_arguments_that_are_no_json_are_refused_unsent() -> None:
    from app.sessions.wire import UnsendableMessage

    server = OddServer({})
    async with begun(server) as session:
        with pytest.raises(UnsendableMessage):
            await session.call("fine", {"text": 2**64})
        assert "tools/call" not in server.rpcs()
        big = "x" * 3_000_000
        assert await session.call("fine", {"text": big}) == big


async def test_a_server_that_does_not_answer_the_farewell_delays_the_end_by_its_grace_only(
) -> None:
    async def deaf_at_the_end(reply: Reply) -> bool:
        if reply.seen.method == "DELETE":
            await asyncio.Event().wait()
        return False

    server = OddServer({}, first=deaf_at_the_end)
    async with begun(server) as session:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await session.wire.end(grace_seconds=0.2)
        assert loop.time() - started < 1
    assert server.seen[-1].method == "DELETE"


async def test_a_hundred_calls_with_failures_among_them_do_not_mix() -> None:
    server = OddServer({"odd": resets, "early": ends_early})
    async with begun(server) as session:
        names = ["fine", "odd", "fine", "early"] * 25
        calls = [session.call(name, {"text": str(n)}) for n, name in enumerate(names)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        for n, (name, result) in enumerate(zip(names, results, strict=True)):
            if name == "fine":
                assert result == str(n)
            else:
                assert isinstance(result, MCPError)

