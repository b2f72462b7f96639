"""Streamable HTTP to servers that misbehave: each failure costs its own request, and no other."""

import asyncio
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import METHOD_NOT_FOUND

from app.sessions.http_failures import SessionUnknown
from app.sessions.wire import (
    ConnectionClosed,
    MessageTooBig,
    NotDelivered,
    UnsendableMessage,
)
from tests.servers.http_odd import HUGE, OddServer, Reply
from tests.sessions.wires import begun
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
        (
            status(401, b'{"error": "no"}', content_type="application/json"),
            "HTTP status 401 Unauthorized",
        ),
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
async def test_a_bad_answer_fails_its_own_call_and_no_other(behaviour: Any, message: str) -> None:
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
async def test_an_answer_too_large_fails_alone(*, is_stream: bool) -> None:
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
    said: int,
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


async def test_every_call_to_a_server_that_forgot_the_session_counts_as_unsent() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        number = server.rpcs().count("tools/call")
        if number == 20:
            server.release.set()
        elif number > 1:
            await server.release.wait()
        reply.body(404)

    async with begun(OddServer({"odd": odd})) as session:
        calls = [asyncio.create_task(session.call("odd")) for _ in range(20)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [SessionUnknown] * 20


async def test_a_call_that_hangs_in_a_lost_session_ends_with_it() -> None:
    async def odd(server: OddServer, reply: Reply) -> None:
        await asyncio.Event().wait()

    server = OddServer({"odd": odd, "gone": status(404)})
    async with begun(server) as session:
        call = asyncio.create_task(session.call("odd"))
        await until(lambda: server.rpcs().count("tools/call") == 1)
        with pytest.raises(NotDelivered):
            await session.call("gone")
        assert not call.done()
        await session.wire.end(grace_seconds=2)
        with pytest.raises(ConnectionClosed):
            await call


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


async def test_arguments_that_are_no_json_are_refused_unsent() -> None:
    server = OddServer({})
    async with begun(server) as session:
        with pytest.raises(UnsendableMessage):
            await session.call("fine", {"text": 2**64})
        assert "tools/call" not in server.rpcs()
        big = "x" * 3_000_000
        assert await session.call("fine", {"text": big}) == big


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
