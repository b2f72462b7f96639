"""The id of a request, around a small application of the test's own."""

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.edge.request_id import request_id_of
from app.services.origin import Origin, current_origin
from tests.edge.wire import entrance


class Noting:
    """Answers with the id it was told, and keeps the origin that a task of its own sees."""

    def __init__(self) -> None:
        self.seen: list[Origin] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def look() -> None:
            self.seen.append(current_origin())

        await asyncio.create_task(look())
        await PlainTextResponse(request_id_of(Request(scope)))(scope, receive, send)


async def ask(app: Noting, *, peer: str = "192.0.2.7", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(entrance(app), client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.post(
            "/", content=b"12345", headers={"Content-Type": "application/json", **headers}
        )


async def test_a_request_keeps_the_id_it_came_with() -> None:
    app = Noting()
    response = await ask(app, **{"X-Request-Id": "trace-1/a.b"})
    assert response.headers["x-request-id"] == response.text == "trace-1/a.b"
    assert app.seen == [Origin(request_id="trace-1/a.b", peer="192.0.2.7", body_bytes=5)]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, 'x"y', "a\tb"])
async def test_an_id_that_could_harm_a_log_is_replaced(given: str) -> None:
    app = Noting()
    first = await ask(app, **{"X-Request-Id": given})
    second = await ask(app)
    ids = {first.headers["x-request-id"], second.headers["x-request-id"]}
    assert len(ids) == 2
    assert all(len(one) == 32 and one.isalnum() for one in ids)


@pytest.mark.parametrize("given", ["2001:db8::1", "fe80::1%eth0", "[2001:db8::1]:443", "unknown"])
async def test_an_address_is_kept_as_a_proxy_gives_it(given: str) -> None:
    app = Noting()
    await ask(app, peer=given)
    assert app.seen[0].peer == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<b>", "a\n"])
async def test_what_is_no_address_is_not_kept(given: str) -> None:
    app = Noting()
    await ask(app, peer=given)
    assert app.seen[0].peer == "unknown"


async def test_work_that_no_request_asked_for_has_an_id_and_no_peer() -> None:
    assert current_origin().peer is None
    assert current_origin().request_id != current_origin().request_id
