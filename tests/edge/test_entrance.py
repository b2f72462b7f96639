"""What every request passes, before a small application of the test's own."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import AppError, ErrorCode
from tests.edge.wire import APP_ORIGIN, LIMIT, TOKEN, entrance

JSON = {"Content-Type": "application/json"}


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the number of bytes it was sent."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def buggy(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a value nobody may see")


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
    raise AppError(ErrorCode.CONFLICT, "Not now.", hint="Later.")


def client(app: ASGIApp, *, has_cors: bool = False) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(entrance(app, has_cors=has_cors)),
        base_url="http://localhost",
        headers=JSON,
    )


async def pieces(count: int) -> AsyncIterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(count):
        yield b"x" * 100


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "LOCALHOST", "127.0.0.1:8080", "[::1]:8080", "mcp.example"]
)
async def test_our_own_names_are_answered(host: str) -> None:
    async with client(counting) as http:
        assert (await http.post("/", content=b"12", headers={"Host": host})).text == "2"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1", "::1"]
)
async def test_other_names_are_not(host: str) -> None:
    async with client(counting) as http:
        response = await http.post("/", content=b"12", headers={"Host": host})
    assert (response.status_code, response.json()["code"]) == (403, "HOST_NOT_ALLOWED")


async def test_two_host_headers_are_none() -> None:
    async with client(counting) as http:
        twice = [("Host", "localhost"), ("Host", "localhost")]
        assert (await http.post("/", content=b"12", headers=twice)).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "https://mcp.example", "http://[::1]", "https://app.example"],
)
async def test_pages_of_ours_may_call(origin: str) -> None:
    async with client(counting) as http:
        assert (await http.post("/", content=b"12", headers={"Origin": origin})).text == "2"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "localhost", "http://", "http://app.example",
                  "https://app.example:1", "https://app.example.evil.example",
                  "http://127.0.0.1:8101, http://evil.example", "http://localhost http://evil.example",
                  "http://localhost:1/", "http://localhost:1@evil.example", "://localhost"],
)  # fmt: skip
async def test_other_sites_pages_may_not(origin: str) -> None:
    async with client(counting) as http:
        response = await http.post("/", content=b"12", headers={"Origin": origin})
    assert (response.status_code, response.json()["code"]) == (403, "ORIGIN_NOT_ALLOWED")


async def test_two_origin_headers_are_no_page_of_ours() -> None:
    async with client(counting) as http:
        twice = [("Origin", "http://localhost"), ("Origin", "http://evil.example")]
        response = await http.post("/", content=b"12", headers=twice)
    assert (response.status_code, response.json()["code"]) == (403, "ORIGIN_NOT_ALLOWED")


async def test_a_client_that_hangs_up_is_no_surprise(caplog: pytest.LogCaptureFixture) -> None:
    async def hanging_up(scope: Scope, receive: Receive, send: Send) -> None:
        raise ClientDisconnect

    with caplog.at_level(logging.DEBUG), contextlib.suppress(AssertionError):
        async with client(hanging_up) as http:
            await http.get("/")
    assert [r for r in caplog.records if r.name.startswith("app")] == []


async def test_a_body_is_taken_up_to_the_limit_and_refused_beyond() -> None:
    async with client(counting) as http:
        assert (await http.post("/", content=b"x" * LIMIT)).text == str(LIMIT)
        assert (await http.post("/", content=b"x" * (LIMIT + 1))).status_code == 413
        assert (await http.post("/", content=pieces(10))).text == "1000"
        response = await http.post("/", content=pieces(11))
    assert (response.status_code, response.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_does_not_end_is_refused_after_its_time() -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    async with client(counting) as http:
        response = await http.post("/", content=endless())
    assert (response.status_code, response.json()["code"]) == (408, "REQUEST_TIMEOUT")
    assert response.json()["error"] == (
        "The body did not arrive within 0.3 s. Send it faster, or raise REQUEST_BODY_SECONDS."
    )


async def test_a_request_whose_body_is_there_may_take_its_time() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await asyncio.sleep(0.5)  # longer than a body may take
        await PlainTextResponse("done")(scope, receive, send)

    async with client(slow) as http:
        assert (await http.post("/", content=b"{}")).text == "done"


@pytest.mark.parametrize("kind", ["", "text/plain", "application/jsonp", "text/json"])
async def test_a_body_of_another_type_is_refused(kind: str) -> None:
    async with client(counting) as http:
        response = await http.post("/", content=b"{}", headers={"Content-Type": kind})
        assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert (await http.put("/", headers={"Content-Type": kind})).text == "0"
        parameters = {"Content-Type": "Application/JSON; charset=utf-8"}
        assert (await http.post("/", content=b"{}", headers=parameters)).text == "2"


async def test_a_surprise_is_masked_and_found_again_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        async with client(buggy) as http:
            response = await http.get("/")
    answer = response.json()
    assert (response.status_code, answer["code"]) == (500, "INTERNAL")
    assert "nobody may see" not in response.text
    (record,) = caplog.records
    reference = record.getMessage().split()[1]
    assert answer["error"].endswith(f"under the reference {reference}.")
    assert record.exc_info is not None


async def test_an_expected_failure_keeps_its_words() -> None:
    async with client(refusing) as http:
        response = await http.get("/")
    assert response.status_code == 409
    assert response.json() == {"success": False, "error": "Not now. Later.", "code": "CONFLICT"}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"Host": "evil.example", "Authorization": "", "Content-Type": "text/plain"}, 403),
        ({"Origin": "http://evil.example", "Authorization": "", "Content-Type": "text/plain"}, 403),
        ({"Authorization": "", "Content-Type": "text/plain"}, 401),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Length": str(LIMIT + 1), "Content-Type": "text/plain"}, 413),
        ({}, 200),
    ],
)
async def test_the_first_thing_that_is_wrong_is_told(wrong: dict[str, str], status: int) -> None:
    async with client(counting) as http:
        headers = {"Authorization": TOKEN, **wrong}
        response = await http.post("/of-somebody", content=b"{}", headers=headers)
    assert response.status_code == status


async def test_every_answer_has_its_headers_those_of_the_answer_itself_first() -> None:
    async def careful(scope: Scope, receive: Receive, send: Send) -> None:
        own = {"Cache-Control": "private", "X-Request-Id": "mine"}
        await PlainTextResponse("", headers=own)(scope, receive, send)

    async with client(careful) as http:
        given = (await http.get("/", headers={"X-Request-Id": "theirs"})).headers
        refused = (await http.get("/", headers={"Host": "evil.example"})).headers
    assert given.get_list("cache-control") == ["private"]
    assert given.get_list("x-request-id") == ["theirs"]
    assert refused["cache-control"] == "no-store"
    assert given["x-frame-options"] == refused["x-frame-options"] == "DENY"


async def test_a_page_of_a_listed_origin_reads_refusals_and_asks_first() -> None:
    async with client(counting, has_cors=True) as http:
        ask = {"Origin": APP_ORIGIN, "Access-Control-Request-Method": "POST"}
        asked = await http.options("/of-somebody", headers=ask)
        refused = await http.get("/of-somebody", headers={"Origin": APP_ORIGIN})
        other = await http.get("/", headers={"Origin": "https://evil.example"})
    assert [a.status_code for a in (asked, refused, other)] == [200, 401, 403]
    for answer in (asked, refused):
        assert answer.headers["access-control-allow-origin"] == APP_ORIGIN
        assert answer.headers["x-frame-options"] == "DENY"
        assert len(answer.headers["x-request-id"]) == 32
    assert "access-control-allow-origin" not in other.headers


async def test_a_fixed_route_is_found_without_the_router() -> None:
    table = {("GET", "/"): PlainTextResponse("of the table")}
    transport = httpx.ASGITransport(entrance(counting, table=table))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        assert (await http.get("/")).text == "of the table"
        assert (await http.post("/")).text == "0"


@pytest.mark.parametrize("host", [b"localhost", b"evil.example"])
async def test_a_websocket_passes_by_its_host_without_a_caller_and_is_told_its_id(
    host: bytes,
) -> None:
    sent: list[Message] = []

    async def accepting(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    async def receive() -> Message:
        raise AssertionError("nobody asks")

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "websocket", "path": "/of-somebody", "headers": [(b"host", host)]}
    await entrance(accepting)(scope, receive, send)
    if host == b"localhost":
        told = (b"x-request-id", scope["state"]["request_id"].encode())
        assert sent == [{"type": "websocket.accept", "headers": [told]}]
    else:
        assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_surprise_of_a_websocket_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def receive() -> Message:
        raise AssertionError("nobody asks")

    async def send(message: Message) -> None:
        raise AssertionError("nothing is told")

    scope: Scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"localhost")]}
    with caplog.at_level(logging.ERROR):
        await entrance(buggy)(scope, receive, send)
    (record,) = caplog.records
    assert record.getMessage() == "Surprise at /"
    assert record.exc_info is not None
