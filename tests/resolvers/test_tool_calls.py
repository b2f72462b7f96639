"""A call as a subscription: what is told, and how it ends when the client does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.graphql_documents import CALL_TOOL, CANCEL_TOOL_CALL, TOOL_CALL
from tests.product import JSON, Product, eventually
from tests.resolvers.sockets import complete, events, subscribe
from tests.subjects import EVERYTHING, records

EVENT_STREAM = {**JSON, "Accept": "text/event-stream"}


@pytest.fixture
def record(product: Product, tmp_path: Path) -> Iterator[Path]:
    """What the server `calls` has received."""
    path = tmp_path / "record.jsonl"
    product.add_server("calls", EVERYTHING, str(path))
    assert product.call("calls", "echo", {"text": "ready"}) == "ready"
    yield path
    product.rest("DELETE", "/mcp/servers/calls")


def payload(tool: str, **more: object) -> dict[str, object]:
    call = {"serverName": "calls", "toolName": tool, **more}
    return {"query": TOOL_CALL, "variables": {"input": call}}


def is_cancelled(record: Path) -> bool:
    """Whether the server was told that exactly the last call is cancelled."""
    found = records(record)
    told = [r["params"]["requestId"] for r in found if r.get("method") == "notifications/cancelled"]
    called = [r["id"] for r in found if r.get("method") == "tools/call"]
    assert told in ([], called[-1:])
    return told != []


def until_waiting(found: Iterator[Any]) -> str:
    """The id of the call, when its server has said that it waits."""
    started, progress = next(found), next(found)
    assert started["__typename"] == "ToolCallStarted"
    assert progress == {
        "__typename": "ToolCallProgress", "callId": started["callId"], "progress": 1.0,
        "total": None, "message": "waiting",
    }  # fmt: skip
    call_id: str = started["callId"]
    return call_id


def test_a_call_is_told_from_its_start_to_its_result(product: Product, record: Path) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", payload("count", arguments={"steps": 2}))
        first, *between, last = events(socket)
    call_id = first["callId"]
    assert first == {"__typename": "ToolCallStarted", "callId": call_id}
    log = {"__typename": "ToolCallLog", "callId": call_id, "level": "info", "logger": "counter"}
    progress = {"__typename": "ToolCallProgress", "callId": call_id, "total": 2.0}
    for number in (1, 2):
        assert {**log, "data": {"at": number, "words": "step"}} in between
        assert {**progress, "progress": float(number), "message": f"step {number}"} in between
    assert len(between) == 4
    result = {
        "__typename": "ToolResult",
        "callId": call_id,
        "isError": False,
        "text": "counted to 2",
    }
    assert last == {"__typename": "ToolCallFinished", "callId": call_id, "result": result}


def test_a_call_that_cannot_be_made_ends_with_a_typed_error(product: Product) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", payload("count", serverName="z"))
        started, finished = events(socket)
    assert started["callId"] == finished["callId"]
    result = finished["result"]
    assert (result["__typename"], result["code"]) == ("NotFoundError", "SERVER_NOT_FOUND")


def test_arguments_that_are_no_object_are_refused_before_anything_begins(
    product: Product, record: Path
) -> None:
    before = len(records(record))
    with product.websocket() as socket:
        subscribe(socket, "1", payload("count", arguments=[1]))
        (error,) = orjson.loads(socket.recv(10))["payload"]["errors"]
    assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["arguments"]}
    assert len(records(record)) == before


def test_completing_the_subscription_cancels_the_call_at_its_server(
    product: Product, record: Path
) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", payload("wait"))
        until_waiting(events(socket))
        assert not is_cancelled(record)
        complete(socket, "1")
        eventually(lambda: is_cancelled(record))
        subscribe(socket, "2", payload("echo", arguments={"text": "on"}))
        *_, last = events(socket, "2")
    assert last["result"]["text"] == "on"


def test_closing_the_socket_cancels_the_call_at_its_server(product: Product, record: Path) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", payload("wait"))
        until_waiting(events(socket))
    eventually(lambda: is_cancelled(record))
    assert product.call("calls", "echo", {"text": "on"}) == "on"


def test_closing_an_event_stream_cancels_the_call_at_its_server(
    product: Product, record: Path
) -> None:
    content = orjson.dumps(payload("wait"))
    with product.http.stream("POST", "/graphql", content=content, headers=EVENT_STREAM) as response:
        until_waiting(server_sent(response.iter_lines()))
    eventually(lambda: is_cancelled(record))
    assert product.call("calls", "echo", {"text": "on"}) == "on"


@pytest.mark.parametrize("door", ["graphql", "rest"])
def test_a_client_that_hangs_up_cancels_its_call_at_its_server(
    product: Product, record: Path, door: str
) -> None:
    call = {"serverName": "calls", "toolName": "wait"}
    path, body = "/graphql", {"query": CALL_TOOL, "variables": {"input": call}}
    if door == "rest":
        path, body = "/mcp/tool/call", {"serverName": "calls", "methodName": "wait"}
    with pytest.raises(httpx.ReadTimeout):
        product.rest("POST", path, body, timeout=1.0)
    eventually(lambda: is_cancelled(record))
    assert product.call("calls", "echo", {"text": "on"}) == "on"


def test_a_call_is_cancelled_from_elsewhere_by_its_id(product: Product, record: Path) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", payload("wait"))
        found = events(socket)
        call_id = until_waiting(found)
        cancelled = product.graphql(CANCEL_TOOL_CALL, input={"callId": call_id})
        assert cancelled == {"__typename": "CancelledToolCall", "callId": call_id}
        (last,) = found
    result = last["result"]
    assert (result["__typename"], result["code"]) == ("ConflictError", "CALL_CANCELLED")
    eventually(lambda: is_cancelled(record))
    again = product.graphql(CANCEL_TOOL_CALL, input={"callId": call_id})
    assert (again["__typename"], again["code"], again["path"]) == (
        "NotFoundError", "CALL_NOT_FOUND", ["callId"],
    )  # fmt: skip


def test_a_call_may_take_what_its_server_is_allowed_unless_it_says_so(
    product: Product, record: Path
) -> None:
    settings = {
        "query": UPDATE,
        "variables": {"input": {"serverName": "calls", "callTimeoutSeconds": 0.3}},
    }
    assert product.rest("POST", "/graphql", settings).json()["data"]["updateServer"] == {
        "callTimeoutSeconds": 0.3
    }
    call = {"serverName": "calls", "toolName": "count", "arguments": {"steps": 1, "pause": 0.6}}
    refused = product.graphql(CALL_TOOL, input=call)
    assert (refused["__typename"], refused["code"]) == ("ServerError", "TOOL_TIMEOUT")
    allowed = product.graphql(CALL_TOOL, input={**call, "timeoutSeconds": 20})
    assert allowed["text"] == "counted to 1"


UPDATE = """mutation ($input: UpdateServerInput!) {
  updateServer(input: $input) { ... on Server { callTimeoutSeconds } }
}"""


def server_sent(lines: Iterator[str]) -> Iterator[Any]:
    """What the only field of a subscription gives over server-sent events."""
    for line in lines:
        if line.startswith("data: {"):
            (value,) = orjson.loads(line.removeprefix("data: "))["data"].values()
            yield value
