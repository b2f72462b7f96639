"""Heads that come again on one connection, on real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.cli.http_protocol import BoundedHttp
from app.cli.known_heads import MOST_KNOWN
from tests.edge.wire import serving

HEAD = b"POST /x?y=1 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells what it was sent, and leaves its marks on what it was given."""
    body = (await Request(scope, receive).body()).decode()
    words = [scope["method"], scope["path"], scope["query_string"].decode(), body]
    marks = [str(len(scope["headers"])), *scope["state"]]
    scope["state"]["mark"] = scope["path"] = scope["mark"] = "left"
    await PlainTextResponse(" ".join([*words, *marks]) + ".")(scope, receive, send)


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(app, http=BoundedHttp, lifespan="off", log_config=None)
    async with asyncio.timeout(10), serving(config) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def answer(reader: asyncio.StreamReader) -> str:
    """The next answer's body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    (length,) = [line for line in head.split("\r\n") if line.startswith("content-length: ")]
    return (await reader.readexactly(int(length.partition(" ")[2]))).decode()


async def test_each_request_has_its_own_body_and_a_fresh_scope() -> None:
    async with connected() as (reader, writer):
        for body in ("one", "two", "six"):
            writer.write(HEAD + body.encode())
            assert await answer(reader) == f"POST /x y=1 {body} 2."


async def test_heads_take_turns_and_more_than_are_known_are_understood() -> None:
    async with connected() as (reader, writer):
        for _ in range(3):
            for number in range(MOST_KNOWN + 2):
                writer.write(b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % number)
                assert await answer(reader) == f"GET /{number}   1."


async def test_a_body_in_parts_and_a_request_behind_another_are_what_they_were() -> None:
    async with connected() as (reader, writer):
        writer.write(HEAD + b"one")
        await answer(reader)
        writer.write(HEAD + b"t")
        await writer.drain()
        await asyncio.sleep(0.05)  # two pieces, which the kernel would join
        writer.write(b"wo")
        assert await answer(reader) == "POST /x y=1 two 2."
        writer.write(HEAD + b"one" + HEAD + b"two" + HEAD + b"six")
        assert [(await answer(reader))[12:15] for _ in range(3)] == ["one", "two", "six"]


async def test_two_requests_at_once_are_not_taken_for_one() -> None:
    first, second = (b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % number for number in (1, 2))
    async with connected() as (reader, writer):
        for data, paths in ((first + second, [1, 2]), (first, [1]), (first + second, [1, 2])):
            writer.write(data)
            told = [await answer(reader) for _ in paths]
            assert told == [f"GET /{path}   1." for path in paths]


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /other HTTP/1.1\r\nhost: a\r\nx: ",
        b"POST /other HTTP/1.1\r\ncontent-length: 63\r\n\r\n",
    ],
    ids=["head", "body"],
)
async def test_a_known_head_inside_another_request_is_a_part_of_that(begun: bytes) -> None:
    known = HEAD + b"one"
    async with connected() as (reader, writer):
        for _ in range(2):
            writer.write(known)
            await answer(reader)
        writer.write(known + begun)
        await answer(reader)
        writer.write(known)
        told = await answer(reader)
        assert told.startswith(("GET /other ", "POST /other "))
        writer.write(b"GET /end HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        rest = (await reader.read()).decode()
        assert rest.count("HTTP/1.1 ") == 1
        assert rest.endswith("GET /end   2.")


async def test_a_connection_that_was_to_end_is_not_kept_by_a_known_head() -> None:
    closing = HEAD.replace(b"host:", b"connection: close\r\nhost:")
    async with connected() as (reader, writer):
        for _ in range(2):
            writer.write(HEAD + b"one")
            await answer(reader)
        writer.write(closing + b"two")
        assert await answer(reader) == "POST /x y=1 two 3."
        assert await reader.read() == b""


async def test_a_line_break_before_a_known_head_is_not_the_beginning_of_one_that_never_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoundedHttp, "head_seconds", 0.3)
    async with connected() as (reader, writer):
        writer.write(HEAD + b"one")
        await answer(reader)
        writer.write(b"\r\n")  # as some send after a body (RFC 9112, section 2.2)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(HEAD + b"two")
        assert await answer(reader) == "POST /x y=1 two 2."
        await asyncio.sleep(0.5)
        writer.write(HEAD + b"six")
        assert await answer(reader) == "POST /x y=1 six 2."
