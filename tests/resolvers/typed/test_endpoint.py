"""The endpoint of typed tools: the schema as text, what changes in it, and what it refuses."""

import threading
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, print_schema, validate_schema
from graphql import build_schema as schema_of_text
from websockets import ConnectionClosed, Subprotocol
from websockets.sync.client import connect

from tests.graphql_documents import DISABLE_SERVER, ENABLE_SERVER
from tests.product import Product, eventually
from tests.resolvers.typed.asking import (
    SDL,
    TOOLS,
    Listed,
    ask,
    data,
    entry,
    error_code,
    fields,
)

ECHO = entry("echo", {"x": {"type": "string"}})
RELOAD = entry("reload")


def test_a_websocket_is_closed_with_the_way_to_subscribe(product: Product) -> None:
    address = product.address.replace("http", "ws") + "/graphql/tools"
    protocols = [Subprotocol("graphql-transport-ws")]
    with connect(address, subprotocols=protocols, proxy=None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
    told = closed.value.rcvd
    assert told is not None
    assert told.code == 4400
    assert told.reason.startswith("Tools are called by POST here; subscribe at /graphql")


def test_the_schema_as_text_is_the_one_that_introspection_tells(product: Product) -> None:
    text = product.http.get(SDL)
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    schema = schema_of_text(text.text)
    assert validate_schema(schema) == []
    query = get_introspection_query(specified_by_url=True, input_value_deprecation=True)
    told = data(product, query)
    assert data(product, query) == told
    assert print_schema(build_client_schema(told)) == print_schema(schema)


def test_a_browser_gets_the_page_and_a_program_the_schema(product: Product) -> None:
    page = product.http.get(TOOLS, headers={"Accept": "text/html"})
    assert page.text == product.http.get("/graphql", headers={"Accept": "text/html"}).text
    assert "type Query" in product.http.get(SDL, headers={"Accept": "text/html,*/*"}).text
    assert product.http.post(SDL).status_code == 405


def test_a_server_comes_goes_and_comes_back(listed: Listed) -> None:
    product = listed.product
    listed.write(ECHO)
    listed.add()
    assert fields(product)["listed"] == ["echo"]
    product.graphql(DISABLE_SERVER, input={"serverName": "listed"})
    assert "listed" not in fields(product)
    assert error_code(ask(product, "mutation { listed { echo { text } } }")) == "INVALID_INPUT"
    product.graphql(ENABLE_SERVER, input={"serverName": "listed"})
    assert fields(product)["listed"] == ["echo"]
    product.rest("DELETE", "/mcp/servers/listed")
    assert "listed" not in fields(product)
    assert listed.calls() == []


def test_what_other_servers_list_changes_nothing_in_a_servers_types(listed: Listed) -> None:
    listed.write(ECHO)
    listed.add()
    before = listed.product.http.get(SDL).text
    start = before.index("type Listed_Tools")
    listed.product.add_fingerprint("another-one")
    eventually(lambda: "another__one" in fields(listed.product))
    after = listed.product.http.get(SDL).text
    listed.product.rest("DELETE", "/mcp/servers/another-one")
    own = before[start : before.index("}", start)]
    assert own in after
    assert after != before


def test_tools_change_while_requests_run_and_none_is_dropped(listed: Listed) -> None:
    """Callers of one tool see nothing of the other tools that come and go."""
    slow = entry("slow", {"pause": {"type": "number"}})
    listed.write(ECHO, RELOAD, slow)
    listed.add()
    answers: list[dict[str, Any]] = []
    is_over = threading.Event()

    def call() -> None:
        while not is_over.is_set():
            answers.append(ask(listed.product, 'mutation { listed { echo(x: "1") { text } } }'))

    def wait() -> None:
        answers.append(ask(listed.product, "mutation { listed { slow(pause: 1.5) { text } } }"))

    threads = [threading.Thread(target=work) for work in (call, call, wait)]
    for thread in threads:
        thread.start()
    eventually(lambda: any(c["began"] == "slow" for c in listed.calls()))
    for number in range(3):
        listed.write(ECHO, RELOAD, entry(f"new{number}"))
        listed.reload()
        until_listed(listed, f"new{number}")
    is_over.set()
    for thread in threads:
        thread.join(20)
    # `slow` is no longer listed, and still has ended as it began.
    assert [a for a in answers if "errors" in a] == []
    assert {"listed": {"slow": {"text": '{"pause": 1.5}'}}} in [a["data"] for a in answers]
    assert len(answers) > 3
    assert error_code(ask(listed.product, "mutation { listed { slow { text } } }")) == (
        "INVALID_INPUT"
    )  # fmt: skip


def until_listed(listed: Listed, tool: str) -> None:
    eventually(lambda: tool in fields(listed.product)["listed"])


def test_a_get_request_calls_no_tool(listed: Listed) -> None:
    """Pages of other sites can make browsers send them."""
    listed.write({**ECHO, "annotations": {"readOnlyHint": True}})
    listed.add()
    http = listed.product.http
    refused = http.get(TOOLS, params={"query": "mutation { listed { echo { text } } }"})
    assert refused.status_code == 405
    none = http.get(TOOLS, params={"query": "{ listed { echo { text } } }"})
    assert error_code(none.json()) == "INVALID_INPUT"
    assert listed.calls() == []
    assert http.get(TOOLS, params={"query": "{ __typename }"}).json() == {
        "data": {"__typename": "Query"}
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("mutation {" + " ".join(f"a{n}: a {{ pid {{ text }} }}" for n in range(100)) + "}",
         "QUERY_TOO_COMPLEX"),
        ("{" + "a " * 20_000 + "}", "QUERY_TOO_COMPLEX"),
        ("{ a: __schema { types { name } } b: __schema { types { name } } }", "INVALID_INPUT"),
        ("{ ...F } fragment F on Query { a: __schema { types { name } } __schema { types { name } } }",
         "INVALID_INPUT"),
        ("subscription { a }", "INVALID_INPUT"),
    ],
    ids=["aliases", "tokens", "the schema twice", "the schema twice in a fragment", "subscription"],
)  # fmt: skip
def test_what_asks_for_too_much_is_refused(product: Product, query: str, code: str) -> None:
    assert error_code(ask(product, query)) == code


def test_a_hostile_server_leaves_the_others_their_tools(listed: Listed) -> None:
    ways = [{"properties": {f"p{j}": {"const": f"{i}"} for j in range(9)}} for i in range(150)]
    loop: dict[str, Any] = {"properties": {"x": {"anyOf": [{"$ref": "#"}, *ways]}}}
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(80):
        deep = {"type": "object", "properties": {"x": deep}}
    listed.write(
        *({"name": f"loop-{n}", "inputSchema": loop, "outputSchema": loop} for n in range(30)),
        {"name": "wide", "inputSchema": {"properties": {f"p{n}": {} for n in range(10_000)}}},
        {"name": "deep", "inputSchema": deep},
        {"name": "none", "inputSchema": "nonsense"},
        ECHO,
    )
    listed.add()
    assert data(listed.product, "mutation { a { pid { isError } } listed { echo { isError } } }") == {
        "a": {"pid": {"isError": False}}, "listed": {"echo": {"isError": False}},
    }  # fmt: skip
    told = data(listed.product, "{ toolServers { field tools { name typedArguments } } }")
    (own,) = [s["tools"] for s in told["toolServers"] if s["field"] == "listed"]
    typed = {tool["name"]: tool["typedArguments"] for tool in own}
    assert typed["wide"] is False
    assert typed["none"] is False
    assert typed["echo"] is True
    assert validate_schema(schema_of_text(listed.product.http.get(SDL).text)) == []
