"""The bounds on a request's head, on real sockets."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.cli.http_protocol import MAX_HEADERS, BoundedHttp
from tests.edge.wire import serving

HEAD = b"POST /x HTTP/1.1\r\nhost: localhost\r\n"
WAITS = b"GET /waits HTTP/1.1\r\nhost: localhost\r\n\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


class Impatient(BoundedHttp):
    """The same, with little time for a head."""

    head_seconds = 0.3


GONE = asyncio.Event()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/early":
        await PlainTextResponse("early")(scope, receive, send)
        return
    if scope["path"] == "/waits":
        while (await receive())["type"] != "http.disconnect":
            pass
        await PlainTextResponse("nobody hears this")(scope, receive, send)
        GONE.set()
        return
    if scope["path"] == "/stream":
        await StreamingResponse(until_gone())(scope, receive, send)
        return
    if scope["path"] == "/header":
        await PlainTextResponse("", headers={"x-odd": "a\r\nx-more: b"})(scope, receive, send)
        return
    if scope["path"] == "/nothing":
        await Response(status_code=204)(scope, receive, send)
        return
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


async def until_gone() -> AsyncIterator[bytes]:
    yield b"first"
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def connected(
    http: type[BoundedHttp] = BoundedHttp,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(app, http=http, lifespan="off", log_config=None, server_header=False)
    async with serving(config) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def whole(reader: asyncio.StreamReader) -> str:
    """All that comes until the connection is closed."""
    async with asyncio.timeout(10):
        return (await reader.read()).decode()


async def test_requests_follow_each_other_on_one_connection() -> None:
    async with connected() as (reader, writer):
        for size in (0, 5, 300_000):
            writer.write(HEAD + b"content-length: %d\r\n\r\n" % size + b"x" * size)
            answer = await asyncio.wait_for(reader.readuntil(b" bytes"), 10)
            assert answer.endswith(f"{size} bytes".encode())
            assert b"server:" not in answer


async def test_a_head_that_never_ends_is_cut_by_its_size() -> None:
    async with connected() as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(HEAD + b"x-big: ")
            for _ in range(100):
                writer.write(b"y" * 1024)
                await writer.drain()
        assert (await whole(reader)).startswith("HTTP/1.1 431 ")


async def test_a_large_head_in_one_piece_is_refused_too() -> None:
    for head in (b"x-big: " + b"y" * 70_000, b"\r\n".join([b"a: b"] * (MAX_HEADERS + 1))):
        async with connected() as (reader, writer):
            writer.write(HEAD + head + b"\r\ncontent-length: 2\r\n\r\n{}")
            answer = await whole(reader)
            assert answer.startswith("HTTP/1.1 431 ")
            assert answer.endswith(
                '{"success":false,"error":"The request\'s head may have 65536 bytes and 200 '
                'headers.","code":"PAYLOAD_TOO_LARGE"}'
            )


async def test_a_head_that_trickles_is_cut_by_time() -> None:
    async with connected(Impatient) as (reader, writer):
        writer.write(HEAD)

        async def trickle() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"a: b\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        answer = await whole(reader)
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)
    assert answer.startswith("HTTP/1.1 408 ")
    assert '"code":"REQUEST_TIMEOUT"' in answer


async def test_a_connection_on_which_nothing_comes_is_closed() -> None:
    async with connected(Impatient) as (reader, _):
        assert (await whole(reader)).startswith("HTTP/1.1 408 ")


async def test_an_answer_that_takes_longer_than_a_head_may_is_not_cut() -> None:
    async with connected(Impatient) as (reader, writer):
        writer.write(HEAD + b"content-length: 2\r\n\r\n")
        await asyncio.sleep(0.5)  # longer than a head may take: this is the body
        writer.write(b"{}")
        assert (await asyncio.wait_for(reader.readuntil(b" bytes"), 10)).endswith(b"2 bytes")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"nonsense\r\n\r\n", b"GET\r\n\r\n",
        b"GET /x HTTP/9.9\r\n\r\n", b"GET /\xc3\xa4 HTTP/1.1\r\nhost localhost\r\n\r\n",
        HEAD + b"a b: c\r\n\r\n", HEAD + b" folded: x\r\n\r\n", HEAD + b"a: \x00\r\n\r\n",
        HEAD + b"content-length: x\r\n\r\n", HEAD + b"content-length: -1\r\n\r\n",
        HEAD + b"content-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: gzip, chunked, x\r\n\r\n0\r\n\r\n",
        CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", CHUNKED + b"2\r\n{}{}\r\n0\r\n\r\n",
        CHUNKED + b"ffffffffffffffffff\r\n",
    ],
)  # fmt: skip
async def test_what_is_no_http_is_refused_in_the_shape_of_all_failures(sent: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(sent)
        head, _, body = (await whole(reader)).partition("\r\n\r\n")
    assert head.split("\r\n") == [
        "HTTP/1.1 400 Bad Request", "content-type: application/json",
        f"content-length: {len(body)}", "connection: close",
    ]  # fmt: skip
    answer = json.loads(body)
    assert (answer["success"], answer["code"]) == (False, "INVALID_INPUT")


async def test_a_body_that_turns_out_to_be_no_http_ends_its_request() -> None:
    async with connected() as (reader, writer):
        writer.write(CHUNKED + b"2\r\n{}\r\n")
        await writer.drain()
        writer.write(b"not a size\r\n")
        assert (await whole(reader)).startswith("HTTP/1.1 400 ")


async def test_an_answer_is_whole_before_the_refusal_of_what_follows() -> None:
    async with connected() as (reader, writer):
        writer.write(HEAD + b"content-length: 2\r\n\r\n{}")
        await asyncio.wait_for(reader.readuntil(b"2 bytes"), 10)
        writer.write(b"nonsense\r\n\r\n")
        assert (await whole(reader)).startswith("HTTP/1.1 400 ")


async def test_a_client_that_leaves_ends_every_request_it_has_sent_at_once() -> None:
    GONE.clear()
    async with connected() as (_, writer):
        writer.write(WAITS + HEAD + b"content-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            await GONE.wait()


async def test_a_body_without_an_end_is_cut_though_its_request_was_answered() -> None:
    early = CHUNKED.replace(b"/x", b"/early")
    async with connected(Impatient) as (reader, writer):
        writer.write(early)
        await asyncio.wait_for(reader.readuntil(b"early"), 10)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                while not reader.at_eof():
                    writer.write(b"1\r\nx\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.05)
        assert reader.at_eof() or reader.exception()


@pytest.mark.parametrize(
    "body", [b"content-length: 20000000\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n1312d00\r\n"]
)
async def test_an_answer_before_the_end_of_the_body_arrives_though_the_connection_is_to_close(
    body: bytes,
) -> None:
    async with connected() as (reader, writer):
        writer.write(HEAD.replace(b"/x", b"/early") + b"connection: close\r\n" + body)
        for _ in range(20):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
        writer.write(b"\r\n0\r\n\r\n")
        assert (await whole(reader)).endswith("early")


async def test_a_large_piece_of_no_http_is_refused_once() -> None:
    async with connected() as (reader, writer):
        writer.write(b"\x00" * 100_000)
        answer = await whole(reader)
        assert answer.startswith("HTTP/1.1 400 ")
        assert answer.count("content-length") == 1


async def test_a_request_at_work_ends_quietly_when_its_client_sends_no_http(
    caplog: pytest.LogCaptureFixture,
) -> None:
    GONE.clear()
    async with connected() as (reader, writer):
        writer.write(WAITS)
        await writer.drain()
        writer.write(b"nonsense\r\n\r\n")
        assert await whole(reader) == ""
        async with asyncio.timeout(10):
            await GONE.wait()
    assert [r.getMessage() for r in caplog.records if r.levelno > logging.WARNING] == []


async def test_the_head_of_a_stream_and_what_there_is_of_it_goes_out_at_once() -> None:
    async with connected() as (reader, writer):
        writer.write(WAITS.replace(b"/waits", b"/stream"))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert b"transfer-encoding: chunked\r\n" in head
        assert await asyncio.wait_for(reader.readuntil(b"first\r\n"), 10) == b"5\r\nfirst\r\n"


async def test_a_head_and_its_body_come_together() -> None:
    async with connected() as (reader, writer):
        writer.write(HEAD + b"content-length: 2\r\n\r\n{}")
        head, _, body = (await asyncio.wait_for(reader.read(65536), 10)).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert b"content-length: 7" in head.split(b"\r\n")
    assert body == b"2 bytes"


async def test_a_header_with_a_line_break_is_not_sent() -> None:
    async with connected() as (reader, writer):
        writer.write(HEAD.replace(b"/x", b"/header") + b"content-length: 0\r\n\r\n")
        answer = await whole(reader)
    assert answer.startswith("HTTP/1.1 500 ")
    assert "x-more" not in answer


@pytest.mark.parametrize(
    ("request_line", "status", "length", "body"),
    [
        (b"HEAD /early", "200 OK", ["content-length: 5"], ""),
        (b"GET /nothing", "204 No Content", [], ""),
        (b"GET /x", "200 OK", ["content-length: 7"], "0 bytes"),
    ],
)
async def test_an_answer_tells_where_it_ends_and_that_the_connection_does(
    request_line: bytes, status: str, length: list[str], body: str
) -> None:
    async with connected() as (reader, writer):
        writer.write(request_line + b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        head, end, rest = (await whole(reader)).partition("\r\n\r\n")
    told = [line for line in head.split("\r\n") if not line.startswith(("date:", "content-type:"))]
    assert told == [f"HTTP/1.1 {status}", *length, "connection: close"]
    assert (end, rest) == ("\r\n\r\n", body)


async def test_a_client_of_http_1_0_is_told_that_the_connection_ends() -> None:
    async with connected() as (reader, writer):
        writer.write(b"GET /early HTTP/1.0\r\nhost: a\r\n\r\n")
        answer = await whole(reader)
    assert "\r\nconnection: close\r\n" in answer
    assert answer.endswith("early")
