"""Who was turned away is in the audit: at every door, why, from where, and never with what."""

from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.identity.callers import ADMIN_TOKEN
from tests.product import Product, eventually

CREATE = """mutation { createToken(input: {name: "laptop", username: "ada"}) {
  ... on CreatedToken { text token { id } } } }"""
REVOKE = "mutation ($id: ID!) { revokeToken(input: {id: $id}) { __typename } }"
RECORDS = """query ($filter: AuditFilter) { auditRecords(filter: $filter, first: 100) { nodes {
  principal username credentialKind credentialId credentialName action serverName target peer
  outcome times } } }"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("r"), ADMIN_TOKEN=ADMIN_TOKEN).start()
    product.http.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    yield product
    if product.is_running:
        product.stop()


def turned_away(product: Product) -> list[dict[str, Any]]:
    found = product.graphql(RECORDS, filter={"action": "AUTHENTICATE"})["nodes"]
    return [{**record, "credentialId": bool(record["credentialId"])} for record in found]


def ask(product: Product, path: str, token: str | None) -> int:
    headers = {"Authorization": "" if token is None else f"Bearer {token}"}
    options: dict[str, Any] = {"headers": {"Content-Type": "application/json", **headers}}
    return product.rest("POST", path, {}, **options).status_code


def test_a_caller_who_is_not_known_is_on_record_with_the_reason(product: Product) -> None:
    made = product.graphql(CREATE)
    product.graphql(REVOKE, id=made["token"]["id"])
    forged = "mcpapi_" + "F" * 43
    with product.raw_websocket() as socket:
        socket.send('{"type": "connection_init"}')
        with pytest.raises(ConnectionClosedError):
            socket.recv(10)
    for path in ("/mcp/tool/call", "/graphql", "/mcp"):
        assert [ask(product, path, text) for text in (forged, made["text"])] == [401, 401]
    eventually(lambda: len(turned_away(product)) == 3)
    found = turned_away(product)
    assert {record["target"] for record in found} == {
        "no token", "unknown token", "revoked token",
    }  # fmt: skip
    (revoked,) = [record for record in found if record["target"] == "revoked token"]
    assert revoked == {
        "principal": "",
        "username": None,
        "credentialKind": "TOKEN",
        "credentialId": True,
        "credentialName": "laptop",
        "action": "AUTHENTICATE",
        "serverName": None,
        "target": "revoked token",
        "peer": "127.0.0.1",
        "outcome": "UNAUTHENTICATED",
        "times": 1,
    }


def test_others_of_the_kind_are_counted_until_a_stop_and_no_token_is_repeated(
    product: Product,
) -> None:
    """The last test here: the product is started anew."""
    forged = "mcpapi_" + "G" * 43
    for _ in range(20):
        assert ask(product, "/mcp/tool/call", forged) == 401
    product.stop()
    product.start()
    product.http.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    found = turned_away(product)
    unknown = [record["times"] for record in found if record["target"] == "unknown token"]
    assert sorted(unknown) == [1, 22]
    assert forged not in str(found) + product.output()
