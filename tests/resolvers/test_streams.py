"""Subscriptions over WebSocket and server-sent events."""

import asyncio
import contextlib
from collections.abc import Iterator

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.graphql_documents import CALL_TOOL, DELETE_SERVER, PROGRESS, UNINSTALL_PACKAGE
from tests.product import JSON, Product
from tests.resolvers.sockets import receive, subscribe
from tests.subjects import SERVERS

INSTALL = {"name": "mcp-hello-world", "serverName": "hello"}
PHASES = ["RESOLVING", "INSTALLING", "VERIFYING", "SWITCHING", "DONE"]


@contextlib.contextmanager
def installed(product: Product) -> Iterator[None]:
    """An install that has just been done, removed in the end."""
    assert product.rest("POST", "/packages/install", INSTALL).status_code == 200
    yield
    product.graphql(UNINSTALL_PACKAGE, input={"serverName": "hello"})


def test_an_install_is_followed_over_a_websocket(product: Product) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": PROGRESS, "variables": {"serverName": "hello"}})
        subscribe(socket, "2", {"query": PROGRESS, "variables": {"serverName": "other"}})
        # Answered in order, so after this both are subscribed.
        subscribe(socket, "3", {"query": "{ viewer { username } }"})
        assert receive(socket)["id"] == "3"
        assert receive(socket) == {"id": "3", "type": "complete"}
        with installed(product):
            phases = list(read_phases(socket))
    assert list(dict.fromkeys(phases)) == PHASES


def read_phases(socket: ClientConnection) -> Iterator[str]:
    while True:
        message = receive(socket)
        assert message["id"] == "1"
        event = message["payload"]["data"]["packageProgress"]
        assert (event["serverName"], event["packageName"]) == ("hello", "mcp-hello-world")
        yield event["phase"]
        if event["phase"] == "DONE":
            return


async def test_an_install_is_followed_over_server_sent_events(product: Product) -> None:
    headers = {**JSON, "Accept": "text/event-stream"}
    phases: list[str] = []
    with product.http.stream(
        "POST", "/graphql", content=orjson.dumps({"query": PROGRESS}), headers=headers
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        install = asyncio.create_task(
            asyncio.to_thread(product.rest, "POST", "/packages/install", INSTALL)
        )
        await asyncio.to_thread(read_events, response.iter_lines(), phases)
        await install
    product.graphql(UNINSTALL_PACKAGE, input={"serverName": "hello"})
    assert list(dict.fromkeys(phases)) == PHASES


def read_events(lines: Iterator[str], phases: list[str]) -> None:
    for line in lines:
        if line.startswith("data: {"):
            event = orjson.loads(line.removeprefix("data: "))
            phases.append(event["data"]["packageProgress"]["phase"])
            if phases[-1] == "DONE":
                return


def test_a_bad_argument_ends_the_subscription_with_its_reason(product: Product) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": PROGRESS, "variables": {"serverName": "../x"}})
        (error,) = receive(socket)["payload"]["errors"]
        assert error["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "message",
    [
        "", "{", "3", "null", "[]", "{}", '{"type": 3}', '{"type": "nonsense"}', b"\x00binary",
        '{"id": "1", "type": "subscribe"}', '{"id": "1", "type": "subscribe", "payload": 3}',
        '{"id": "1", "type": "subscribe", "payload": {"query": 3}}',
        '{"id": "1", "type": "subscribe", "payload": {"query": "{ a }", "variables": []}}',
        '{"type": "subscribe", "payload": {"query": "{ viewer { username } }"}}',
    ],
)  # fmt: skip
def test_garbage_closes_its_own_connection_only(product: Product, message: str | bytes) -> None:
    with product.websocket() as socket:
        socket.send(message)
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(10)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4400
    assert product.graphql("{ viewer { username } }") == {"username": "default"}


@pytest.mark.parametrize("query", ["{", "{ nothing }", "subscription { nothing }"])
def test_a_document_that_is_wrong_fails_its_own_operation_only(
    product: Product, query: str
) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": query})
        message = receive(socket)
        assert (message["id"], message["type"]) == ("1", "error")
        subscribe(socket, "1", {"query": "{ viewer { username } }"})
        assert receive(socket)["payload"]["data"] == {"viewer": {"username": "default"}}


def test_one_operation_too_many_is_refused_with_the_limit(product: Product) -> None:
    with product.websocket() as socket:
        for number in range(101):
            subscribe(
                socket, str(number), {"query": "subscription { serverChanged { serverName } }"}
            )
        message = receive(socket)
        assert (message["id"], message["type"]) == ("100", "error")
        (error,) = message["payload"]
        assert error["message"] == "The connection has 101 operations at once; the limit is 100."
        assert error["extensions"] == {
            "code": "QUERY_TOO_COMPLEX", "found": 101, "limit": 100,
            "hint": "End one first, or open another connection.",
        }  # fmt: skip


def test_a_reader_who_does_not_read_is_let_go_with_the_reason_and_slows_nobody(
    product: Product,
) -> None:
    product.add_server("floods", SERVERS / "odd.py", "floods-stderr")
    try:
        with product.websocket(compression=None, max_queue=1) as socket:
            # 30 kB an event: the sockets hold some hundreds, and the queue a thousand.
            lines = " ".join(f"line{number}: line" for number in range(30))
            query = f'subscription {{ serverLog(serverName: "floods") {{ {lines} }} }}'
            subscribe(socket, "1", {"query": query})
            subscribe(socket, "2", {"query": "{ viewer { username } }"})
            assert [receive(socket)["id"] for _ in range(2)] == ["2", "2"]
            assert product.call("floods", "go", {"length": 1000}) == "flooded"
            assert product.graphql("{ viewer { username } }") == {"username": "default"}
            told = receive(socket)
            while "errors" not in told["payload"]:
                assert told["payload"]["data"]["serverLog"]["line0"]
                told = receive(socket)
            assert receive(socket) == {"id": "1", "type": "complete"}
    finally:
        product.graphql(DELETE_SERVER, input={"serverName": "floods"})
    (error,) = told["payload"]["errors"]
    assert error["message"] == "This subscription was ended: it was 1000 events behind."
    assert (error["extensions"]["code"], error["extensions"]["hint"]) == (
        "CONFLICT", "Read faster, or ask for the events of one server only.",
    )  # fmt: skip


def test_a_subscription_before_the_handshake_is_refused(product: Product) -> None:
    with product.raw_websocket() as socket:
        subscribe(socket, "1", {"query": PROGRESS})
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(10)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4401


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_another_sites_page_cannot_open_a_websocket(
    product: Product, headers: dict[str, str]
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        product.raw_websocket(additional_headers=headers)
    assert caught.value.response.status_code == 403


def test_a_servers_log_is_followed_with_secrets_masked(product: Product) -> None:
    secret = "a secret in the log 5521"
    product.set_secret("a", "token", secret, "logger")
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": 'subscription { serverLog(serverName: "a") { line at } }'})
        subscribe(socket, "2", {"query": "{ viewer { username } }"})
        assert receive(socket)["id"] == "2"
        assert receive(socket) == {"id": "2", "type": "complete"}
        call = {"serverName": "a", "toolName": "leak", "username": "logger"}
        product.graphql(CALL_TOOL, input=call)
        message = receive(socket)
    assert message["id"] == "1"
    line = message["payload"]["data"]["serverLog"]["line"]
    assert line.startswith("leaking ")
    assert secret not in line
