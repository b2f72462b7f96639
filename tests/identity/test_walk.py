"""Every operation of every door, as every kind of caller: what each gets, and what it changes.

The operations are found by introspection and in the routes table: one without a row fails.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from starlette.routing import Route
from websockets.exceptions import ConnectionClosedError

from app.domain.errors import ErrorCode
from app.edge.status import HTTP_STATUS
from app.resolvers.schema import build_schema
from app.rest.routes import rest_routes
from tests.identity.callers import (
    ADMIN_TOKEN,
    CALLERS,
    TOKENS,
    outcome_of_graphql,
    outcome_of_rest,
)
from tests.identity.rows import MUTATIONS, PATTERNS, QUERIES, ROUTES, SUBSCRIPTIONS, Row
from tests.product import JSON, Product

CREATE = """mutation ($input: CreateTokenInput!) {
  createToken(input: $input) { __typename ... on CreatedToken { text token { id } } } }"""
TYPED_CALL = "mutation { s { pid { text } } }"
STATE = """{ servers { nodes { name enabled updatedAt access { users } } } packages { nodes { id } }
  tokens { nodes { id revokedAt } } own: secrets { nodes { id } }
  ada: secrets(username: "ada") { nodes { id updatedAt } }
  bob: secrets(username: "bob") { nodes { id } } eve: secrets(username: "eve") { nodes { id } }
  olga: secrets(username: "olga") { nodes { id } } all: secrets(shared: true) { nodes { id } } }"""


class House:
    """A running product, and a client of it for every caller."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.client = httpx.Client(base_url=product.address, timeout=60, trust_env=False)
        self.token_id = ""
        headers = {who: {"Authorization": f"Bearer {self._token(who)}"} for who in CALLERS[1:]}
        self.headers: dict[str, dict[str, str]] = {"nobody": {}, **headers}

    def _token(self, who: str) -> str:
        if who == "admin":
            return ADMIN_TOKEN
        if who == "forger":
            return "mcpapi_" + "A" * 43
        made = self.product.graphql(CREATE, input=dict(TOKENS[who]))
        assert made["__typename"] == "CreatedToken", made
        self.token_id = made["token"]["id"]
        return str(made["text"])

    def ask(self, who: str, document: str) -> tuple[int, dict[str, Any]]:
        response = self.send(who, "POST", "/graphql", {"query": document})
        return response.status_code, response.json()

    def send(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        options: dict[str, Any] = {} if body is None else {"content": orjson.dumps(body)}
        headers = {**self.headers[who], **({} if body is None else JSON)}
        return self.client.request(method, path, headers=headers, **options)

    def state(self) -> object:
        return self.product.post_graphql(STATE)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("w")
    product = Product(folder, ADMIN_TOKEN=ADMIN_TOKEN).start()
    product.http.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    product.add_fingerprint("s")
    product.set_secret("s", "k", "a value of ada", username="ada")
    update = 'mutation { updateServer(input: {serverName: "s", access: {users: ["bob", "ada"]}}) '
    assert product.graphql(update + "{ __typename } }") == {"__typename": "Server"}
    assert product.call("s", "pid", username="ada")
    house = House(product)
    yield house
    house.client.close()
    product.stop()


def test_every_operation_of_graphql_has_a_row() -> None:
    schema = build_schema()._schema
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    found = {f"{root.name}.{field}" for root in roots if root for field in root.fields}
    assert {row.operation for row in (*QUERIES, *MUTATIONS, *SUBSCRIPTIONS)} == found


def test_every_route_of_rest_has_a_row() -> None:
    found = {
        f"{method} {route.path}"
        for route in rest_routes()
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    rows = set()
    for row in ROUTES:
        method, _, path = row.operation.partition(" ")
        rows.add(f"{method} {PATTERNS.get(path, path)}")
    assert rows == found - {"GET /healthz", "GET /openapi.json", "GET /docs"}


def is_refused(row: Row, who: str) -> bool:
    return row.expected[who] in ("FORBIDDEN", "UNAUTHENTICATED")


def aimed(house: House, row: Row, who: str, text: str) -> str:
    """The text aimed at what is there, by a caller who will be refused."""
    target = row.refused_target if is_refused(row, who) else row.allowed_target
    return text.replace("{target}", target).replace("{token}", house.token_id)


def refused_first(row: Row) -> tuple[list[str], list[str]]:
    refused = [who for who in CALLERS if is_refused(row, who)]
    return refused, [who for who in CALLERS if who not in refused]


@pytest.mark.parametrize("row", [*QUERIES, *MUTATIONS], ids=lambda row: row.id)
def test_graphql_gives_each_caller_what_is_due(house: House, row: Row) -> None:
    before, found = house.state(), {}
    refused, others = refused_first(row)
    for who in refused:
        status, answer = house.ask(who, aimed(house, row, who, row.text))
        found[who] = outcome_of_graphql(answer)
        assert (status == 401) is (found[who] == "UNAUTHENTICATED")
    after = house.state()
    for who in others:
        answer = house.ask(who, aimed(house, row, who, row.text))[1]
        found[who] = outcome_of_graphql(answer)
    assert (found, after) == (row.expected, before)


@pytest.mark.parametrize("row", ROUTES, ids=lambda row: row.id)
def test_rest_gives_each_caller_what_is_due(house: House, row: Row) -> None:
    before, found = house.state(), {}
    refused, others = refused_first(row)
    for who in refused:
        found[who] = rest_outcome(house, row, who)
    after = house.state()
    for who in others:
        found[who] = rest_outcome(house, row, who)
    assert (found, after) == (row.expected, before)


def rest_outcome(house: House, row: Row, who: str) -> str:
    """The code of the answer, which must have the status that belongs to it."""
    body = json.loads(aimed(house, row, who, json.dumps(row.body)))
    method, path = row.operation.partition(" ")[0], aimed(house, row, who, row.text)
    response = house.send(who, method, path, body)
    code = outcome_of_rest(response.json())
    assert response.status_code == (200 if code == "OK" else HTTP_STATUS[ErrorCode(code)])
    return code


@pytest.mark.parametrize("row", SUBSCRIPTIONS, ids=lambda row: row.id)
def test_streams_give_each_caller_what_is_due(house: House, row: Row) -> None:
    found = {who: first_of_stream(house, who, row.text) for who in CALLERS}
    assert found == row.expected


def first_of_stream(house: House, who: str, document: str) -> str:
    """The error that a subscription begins with; OK when it begins otherwise, or just waits."""
    with house.product.raw_websocket() as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": house.headers[who]}))
        try:
            assert orjson.loads(socket.recv(10))["type"] == "connection_ack"
        except ConnectionClosedError as error:
            code = None if error.rcvd is None else error.rcvd.code
            return "UNAUTHENTICATED" if code == 4401 else f"closed with {code}"

        def say(key: str, text: str) -> None:
            asked = {"type": "subscribe", "id": key, "payload": {"query": text}}
            socket.send(json.dumps(asked))

        say("stream", document)
        for number in ("1", "2"):  # by then the other has begun
            say(number, "{ viewer { username } }")
            for message in iter(lambda: orjson.loads(socket.recv(10)), None):
                if message["id"] == "stream" and (told := told_in(message)):
                    return told
                if message["id"] == "stream" and message["type"] == "complete":
                    return "OK"  # a quick call
                if message["id"] == number and message["type"] == "complete":
                    break
        if "ToolCallFinished" not in document:
            return "OK"
        for message in iter(lambda: orjson.loads(socket.recv(30)), None):
            if message["type"] == "complete":
                return "OK"
            if message["id"] == "stream" and (told := told_in(message)):
                return told
    raise AssertionError("a stream has an end")


def told_in(message: dict[str, Any]) -> str | None:
    payload: Any = message.get("payload")
    if message["type"] == "error":
        return str(payload[0]["extensions"]["code"])
    if message["type"] != "next":
        return None
    if payload.get("errors"):
        return str(payload["errors"][0]["extensions"]["code"])
    (event,) = payload["data"].values()
    result = event.get("result") if isinstance(event, dict) else None
    return str(result["code"]) if isinstance(result, dict) and "code" in result else None


def mcp(house: House, who: str, method: str, params: object) -> tuple[int, dict[str, Any]]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    response = house.send(who, "POST", "/mcp", body)
    return response.status_code, response.json()


@pytest.mark.parametrize("who", CALLERS)
def test_mcp_lists_and_calls_what_is_open_to_the_caller(house: House, who: str) -> None:
    listed_status, listed = mcp(house, who, "tools/list", {})
    called_status, called = mcp(house, who, "tools/call", {"name": "s__pid", "arguments": {}})
    if who in ("nobody", "forger"):
        assert (listed_status, called_status) == (401, 401)
        assert (listed["code"], called["code"]) == ("UNAUTHENTICATED", "UNAUTHENTICATED")
        return
    names = [tool["name"] for tool in listed["result"]["tools"]]
    assert ("s__pid" in names) is (who in ("user", "owner", "operator", "admin"))
    has_answered = "result" in called and not called["result"].get("isError")
    assert has_answered is (who in ("user", "owner", "admin")), called


@pytest.mark.parametrize("who", CALLERS)
def test_typed_tools_are_there_and_answer_for_whom_the_server_is(house: House, who: str) -> None:
    text = house.send(who, "GET", "/graphql/tools/schema.graphql")
    called = house.send(who, "POST", "/graphql/tools", {"query": TYPED_CALL})
    if who in ("nobody", "forger"):
        assert (text.status_code, called.status_code) == (401, 401)
        return
    has_answered = "errors" not in called.json()
    assert has_answered is (who in ("user", "owner", "admin")), called.json()
    is_seen = "pid" in text.text
    assert is_seen is (who in ("user", "owner", "operator", "admin"))
