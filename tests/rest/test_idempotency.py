"""The header Idempotency-Key, over real HTTP."""

import contextlib
import http.client
from collections.abc import Iterator

import httpx
import orjson
import pytest

from tests.product import JSON, Product, eventually
from tests.rest.asking import calls_in_flight

CALL = {"serverName": "fp", "methodName": "fingerprint", "args": {"city": "Bern"}}
INSTALL = {"name": "mcp-hello-world", "serverName": "keyed"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    # At this level each call has a line of its own.
    product = Product(tmp_path_factory.mktemp("k"), LOG_LEVEL="DEBUG").start()
    product.add_fingerprint("fp")
    assert product.call("fp", "pid")
    yield product
    product.stop()


def headers(key: str) -> dict[str, str]:
    return {**JSON, "Idempotency-Key": key}


def calls(product: Product) -> int:
    return product.output().count("app.services.calls: call ")


def test_a_repeated_call_gets_the_first_answer_and_is_made_once(product: Product) -> None:
    before = calls(product)
    first = product.rest("POST", "/mcp/tool/call", CALL, headers=headers("a"))
    again = product.rest("POST", "/mcp/tool/call", CALL, headers=headers("a"))
    assert (again.status_code, again.content) == (200, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    eventually(lambda: calls(product) == before + 1)


def test_another_body_or_route_under_the_same_key_is_refused(product: Product) -> None:
    product.rest("POST", "/mcp/tool/call", CALL, headers=headers("b"))
    before = calls(product)
    for path, body in (
        ("/mcp/tool/call", {**CALL, "args": {"city": "Basel"}}),
        ("/tools/fp/fingerprint", CALL),
        ("/packages/install", INSTALL),
    ):
        response = product.rest("POST", path, body, headers=headers("b"))
        assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert calls(product) == before
    assert product.rest("GET", "/packages").json()["packages"] == []


def test_a_keyed_call_outlives_its_client_who_finds_the_answer_later(product: Product) -> None:
    body = {"serverName": "fp", "methodName": "slow", "args": {"seconds": 2}}
    address = product.address.removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(address, timeout=10)) as connection:
        connection.request("POST", "/mcp/tool/call", orjson.dumps(body), headers("c"))
        eventually(lambda: calls_in_flight(product) == 1)
        waiting = answered(product, body, 409)
    assert waiting.json()["error"].startswith("The first request with this Idempotency-Key is")
    found = answered(product, body, 200)
    assert found.headers["idempotency-replayed"] == "true"
    assert found.json()["success"] is True


def answered(product: Product, body: object, status: int) -> httpx.Response:
    """The first answer of that status to the keyed call."""

    def ask() -> list[httpx.Response]:
        response = product.rest("POST", "/mcp/tool/call", body, headers=headers("c"))
        return [response] if response.status_code == status else []

    return eventually(ask)[0]


def test_a_repeated_install_installs_once(product: Product) -> None:
    first = product.rest("POST", "/packages/install", INSTALL, headers=headers("d"))
    assert first.status_code == 200
    again = product.rest("POST", "/packages/install", INSTALL, headers=headers("d"))
    assert (again.status_code, again.json()) == (200, first.json())
    refused = product.rest("POST", "/packages/install", INSTALL)
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    product.rest("DELETE", "/packages/keyed")


def test_a_refused_request_leaves_the_key_free(product: Product) -> None:
    wrong = {**CALL, "serverName": "nothing"}
    refused = product.rest("POST", "/mcp/tool/call", wrong, headers=headers("e"))
    assert (refused.status_code, refused.json()["code"]) == (404, "SERVER_NOT_FOUND")
    assert product.rest("POST", "/mcp/tool/call", CALL, headers=headers("e")).status_code == 200


@pytest.mark.parametrize(
    "more", [{"Idempotency-Key": "a b"}, {"Idempotency-Key": "x" * 256}, {"Accept": "text/event-stream", "Idempotency-Key": "f"}],
    ids=["with a blank", "too long", "with events"],
)  # fmt: skip
def test_a_key_that_cannot_be_heeded_is_refused(product: Product, more: dict[str, str]) -> None:
    before = calls(product)
    response = product.rest("POST", "/mcp/tool/call", CALL, headers={**JSON, **more})
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")
    assert calls(product) == before
