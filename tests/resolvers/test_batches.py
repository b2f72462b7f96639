"""Batches, persisted operations and the methods of HTTP, through the whole product."""

from collections.abc import Iterator
from hashlib import sha256

import orjson
import pytest

from tests.product import JSON, Product
from tests.resolvers.sockets import receive, subscribe

VIEWER = "{ viewer { username } }"
ANSWER = {"data": {"viewer": {"username": "default"}}}
NEW_TYPE = "application/graphql-response+json"


@pytest.fixture(scope="module")
def batching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("b"), GRAPHQL_MAX_BATCH="3").start()
    yield product
    product.stop()


def test_a_batch_is_refused_unless_it_is_enabled(product: Product) -> None:
    response = product.rest("POST", "/graphql", [{"query": VIEWER}])
    assert response.status_code == 400
    assert "Batching is not enabled" in response.json()["errors"][0]["message"]


def test_a_batch_is_answered_in_its_order(batching: Product) -> None:
    batch = [{"query": VIEWER}, {"query": "{ nothing }"}, {"query": "{ __typename }"}]
    response = batching.rest("POST", "/graphql", batch, headers={**JSON, "Accept": NEW_TYPE})
    first, second, third = response.json()
    assert (response.status_code, first, third) == (200, ANSWER, {"data": {"__typename": "Query"}})
    assert second["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("batch", "why"),
    [
        ([], "this has 0"),
        ([{"query": VIEWER}] * 4, "this has 4"),
        ([3], "must be a JSON object"),
        ([{"query": 3}], "query must be a string"),
    ],
)
def test_a_batch_is_bounded(batching: Product, batch: list[object], why: str) -> None:
    response = batching.rest("POST", "/graphql", batch)
    assert response.status_code == 400
    assert why in response.json()["errors"][0]["message"]


def test_an_operation_by_hash_can_come_by_get_and_over_a_websocket(product: Product) -> None:
    key = sha256(VIEWER.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": key}}
    by_get = {"extensions": orjson.dumps(extensions).decode()}
    unknown = product.http.get("/graphql", params=by_get)
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    body = {"query": VIEWER, "extensions": extensions}
    assert product.rest("POST", "/graphql", body).json() == ANSWER
    assert product.http.get("/graphql", params=by_get).json() == ANSWER
    by_id = {"documentId": f"sha256:{key}"}
    assert product.rest("POST", "/graphql", by_id).json() == ANSWER
    with product.websocket() as socket:
        subscribe(socket, "1", {"extensions": extensions})
        assert receive(socket)["payload"] == ANSWER


def test_a_mutation_by_get_is_405_and_changes_nothing(product: Product) -> None:
    query = 'mutation { deleteServer(input: {serverName: "a"}) { __typename } }'
    for accept in (NEW_TYPE, "application/json"):
        response = product.http.get("/graphql", params={"query": query}, headers={"Accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert response.headers["content-type"].startswith(accept)
    assert product.graphql('{ server(serverName: "a") { name } }') == {"name": "a"}
