"""Sessions shown, watched and restarted, and news of what servers list."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.graphql_documents import (
    LISTING_CHANGED,
    RESTART_SERVER,
    SESSION_CHANGED,
    SESSIONS,
    TOOLS_CHANGED,
)
from tests.product import Product, code_and_data, eventually
from tests.resolvers.sockets import events, receive, subscribe
from tests.subjects import EVERYTHING

OF_SERVER = """query ($name: String!) {
  server(serverName: $name) { sessions { serverName pid server { name } } }
}"""
NODE = """query ($id: ID!) {
  node(id: $id) { __typename id ... on Session { serverName server { name } } }
}"""


@pytest.fixture
def growing(product: Product) -> Iterator[str]:
    """A server that can grow tools, resources and prompts."""
    product.add_server("growing", EVERYTHING)
    assert product.call("growing", "echo", {"text": "ready"}) == "ready"
    ids = "{ nodes { id } }"
    listings = f"resources {ids} resourceTemplates {ids} prompts {ids}"
    product.graphql(f'{{ server(serverName: "growing") {{ {listings} }} }}')  # kept from now on
    yield "growing"
    product.rest("DELETE", "/mcp/servers/growing")


def sessions(product: Product, **only: object) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = product.graphql(SESSIONS, filter=only)["nodes"]
    return nodes


@pytest.fixture
def fresh(product: Product) -> Iterator[str]:
    """A server that nobody has had write anything."""
    product.add_fingerprint("fresh")
    yield "fresh"
    product.rest("DELETE", "/mcp/servers/fresh")


def test_a_session_is_shown_with_its_process_and_its_memory(product: Product, fresh: str) -> None:
    pid = int(product.call(fresh, "pid"))
    (session,) = sessions(product, serverName=fresh)
    assert (session["serverName"], session["owner"], session["state"]) == (fresh, None, "READY")
    assert (session["pid"], session["protocolVersion"]) == (pid, "2025-06-18")
    assert (session["restarts"], session["lastError"], session["stderr"]) == (0, None, [])
    assert session["callsInFlight"] == 0
    assert session["since"] < session["lastUsedAt"]
    assert 2**20 < session["memoryBytes"] < 200 * 2**20


def test_a_server_leads_to_its_sessions_and_back(product: Product) -> None:
    pid = int(product.call("a", "pid"))
    assert product.graphql(OF_SERVER, name="a") == {
        "sessions": [{"serverName": "a", "pid": pid, "server": {"name": "a"}}]
    }


def test_sessions_are_filtered_by_server_and_state(product: Product) -> None:
    for name in ("a", "b"):
        product.call(name, "pid")
    assert {s["serverName"] for s in sessions(product, state="READY")} >= {"a", "b"}
    assert [s["serverName"] for s in sessions(product, serverName="b", state="READY")] == ["b"]
    assert sessions(product, serverName="b", state="FAILED") == []
    assert sessions(product, serverName="z") == []
    answer = product.post_graphql(SESSIONS, filter={"serverName": "../x"})
    assert code_and_data(answer)[0] == "INVALID_INPUT"


def test_a_session_is_found_by_its_id_as_long_as_it_is_there(product: Product) -> None:
    product.call("c", "pid")
    (session,) = sessions(product, serverName="c")
    assert product.graphql(NODE, id=session["id"]) == {
        "__typename": "Session", "id": session["id"], "serverName": "c", "server": {"name": "c"},
    }  # fmt: skip
    product.graphql(RESTART_SERVER, input={"serverName": "c"})
    eventually(lambda: product.graphql(NODE, id=session["id"]) is None)


def test_a_restart_brings_a_new_process(product: Product) -> None:
    before = product.call("c", "pid")
    restarted = product.graphql(RESTART_SERVER, input={"serverName": "c"})
    assert (restarted["__typename"], restarted["name"]) == ("Server", "c")
    assert product.call("c", "pid") != before
    unknown = product.graphql(RESTART_SERVER, input={"serverName": "z"})
    assert (unknown["__typename"], unknown["code"]) == ("NotFoundError", "SERVER_NOT_FOUND")


def test_a_watcher_sees_a_crash_and_what_comes_after_it(product: Product) -> None:
    product.call("b", "pid")
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": SESSION_CHANGED, "variables": {"serverName": "b"}})
        found = events(socket)
        first = next(found)
        assert (first["state"], first["server"]) == ("READY", {"name": "b"})
        product.rest("POST", "/mcp/tool/call", {"serverName": "b", "methodName": "crash"})
        seen = [next(s for s in found if s["state"] != "READY")]
        seen += [next(s for s in found if s["state"] == "READY")]
    assert seen[-1]["pid"] != first["pid"]
    assert (seen[-1]["restarts"], seen[-1]["lastError"]) == (
        first["restarts"] + 1, "it exited with code 3",
    )  # fmt: skip


def test_new_tools_reach_who_watches_them_over_a_socket_that_stays_open(
    product: Product, growing: str
) -> None:
    with product.websocket() as socket:
        of_growing = {"serverName": growing}
        subscribe(socket, "1", {"query": TOOLS_CHANGED, "variables": of_growing})
        subscribe(socket, "2", {"query": "{ viewer { username } }"})
        assert [receive(socket)["id"], receive(socket)["id"]] == ["2", "2"]
        for count in (1, 2):
            product.call(growing, "grow")
            names = [tool["name"] for tool in next(events(socket))["tools"]["nodes"]]
            assert names.count("grown") == 1, count


def test_every_listing_that_changes_is_told(product: Product, growing: str) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": LISTING_CHANGED, "variables": {"serverName": growing}})
        subscribe(socket, "2", {"query": "{ viewer { username } }"})
        assert [receive(socket)["id"], receive(socket)["id"]] == ["2", "2"]
        product.call(growing, "grow")
        found = events(socket)
        kinds: set[str] = set()
        while kinds < {"TOOLS", "RESOURCES", "RESOURCE_TEMPLATES", "PROMPTS"}:
            change = next(found)
            assert change["server"] == {"name": growing}
            kinds.add(change["kind"])


@pytest.mark.parametrize("document", [SESSION_CHANGED, TOOLS_CHANGED, LISTING_CHANGED])
def test_a_malformed_name_ends_the_subscription_with_its_reason(
    product: Product, document: str
) -> None:
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": document, "variables": {"serverName": "../x"}})
        (error,) = receive(socket)["payload"]["errors"]
    assert error["extensions"] == {"code": "INVALID_INPUT", "path": ["serverName"]}
