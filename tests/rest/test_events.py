"""A tool call as a stream of events, and clients that leave in the middle of a call."""

import http.client
from collections.abc import Iterator

import orjson
import pytest

from tests.product import JSON, Product, eventually
from tests.rest.asking import calls_in_flight
from tests.subjects import EVERYTHING

EVENTS = {**JSON, "Accept": "text/event-stream"}
AUDIT = """query ($filter: AuditFilter) {
  auditRecords(filter: $filter, first: 100) { nodes { id } }
}"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("e")).start()
    product.add_server("all", EVERYTHING)
    assert product.call("all", "echo", {"text": "x"}) == "x"
    yield product
    product.stop()


def stream(product: Product, tool: str, **arguments: object) -> list[tuple[str, object]]:
    """The events of a call."""
    body = {"serverName": "all", "methodName": tool, "args": arguments}
    content = orjson.dumps(body)
    with product.http.stream("POST", "/mcp/tool/call", content=content, headers=EVENTS) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        text = "".join(answer.iter_text())
    return [parsed(event) for event in text.split("\n\n") if event]


def parsed(event: str) -> tuple[str, object]:
    name, _, data = event.removeprefix("event: ").partition("\ndata: ")
    return name, orjson.loads(data)


def test_progress_and_log_come_before_the_result(product: Product) -> None:
    started, *between, (name, result) = stream(product, "count", steps=2, words="at")
    assert started[0] == "started"
    assert [event for event in between if event[0] == "log"] == [
        ("log", {"level": "info", "logger": "counter", "data": {"at": n, "words": "at"}})
        for n in (1, 2)
    ]
    assert [event for event in between if event[0] == "progress"] == [
        ("progress", {"progress": n, "total": 2, "message": f"at {n}"}) for n in (1, 2)
    ]
    content = [{"type": "text", "text": "counted to 2"}]
    assert (name, result) == (
        "result", {"success": True, "data": {"content": content, "isError": False}},
    )  # fmt: skip


def test_the_events_end_with_what_an_answer_would_have_said(product: Product) -> None:
    body = {"serverName": "all", "methodName": "nothing", "args": {}}
    plain = product.rest("POST", "/mcp/tool/call", body).json()
    assert stream(product, "nothing")[-1] == ("error", plain)


def test_a_malformed_request_is_no_stream(product: Product) -> None:
    response = product.http.post("/mcp/tool/call", content=b"{}", headers=EVENTS)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")


def test_events_are_masked_as_results_are(product: Product) -> None:
    product.set_secret("all", "words", "a value only alice has", "alice")
    content = orjson.dumps(
        {"serverName": "all", "methodName": "count", "args": {"steps": 1}, "username": "alice"}
    )
    response = product.http.post("/mcp/tool/call", content=content, headers=EVENTS)
    assert '"message":"[secret] 1"' in response.text
    assert "only alice" not in response.text


def calls_left(product: Product) -> int:
    """How many calls are on record that ended because their clients had gone."""
    only = {"action": "CALL_TOOL", "outcome": "CALLER_GONE"}
    return len(product.graphql(AUDIT, filter=only)["nodes"])


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_client_that_leaves_ends_the_call(product: Product, accept: str) -> None:
    before = calls_left(product)
    connection = http.client.HTTPConnection(product.address.removeprefix("http://"), timeout=10)
    body = orjson.dumps({"serverName": "all", "methodName": "wait", "args": {}})
    connection.request("POST", "/mcp/tool/call", body, {**JSON, "Accept": accept})
    if accept == "text/event-stream":
        assert connection.getresponse().readline() == b"event: started\n"
    eventually(lambda: calls_in_flight(product) == 1)
    connection.close()
    eventually(lambda: calls_left(product) == before + 1)
    assert calls_in_flight(product) == 0
