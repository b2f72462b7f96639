"""API tokens in a running product: made beside it, used, replayed after revocation, attacked."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection

from tests.cli.test_commands import run
from tests.graphql_documents import REMOVE_USER
from tests.identity.door import bearer, status, tokens
from tests.product import Product, eventually

CREATE = """mutation ($input: CreateTokenInput!) { createToken(input: $input) {
  ... on CreatedToken { text token { id } } ... on Error { code path } } }"""
REVOKE = """mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) {
  ... on Token { id revokedAt } ... on Error { code } } }"""
VIEWER = "{ viewer { username roles credential credentialName expiresAt actions } }"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("t")).start()
    assert product.graphql("{ viewer { username roles } }") == {
        "username": "default", "roles": ["ADMIN"],
    }  # fmt: skip
    text = tokens(product, "create", "root", "--user", "default").strip()
    product.http.headers["Authorization"] = f"Bearer {text}"
    yield product
    product.stop()


def made(product: Product, name: str, **grant: object) -> tuple[str, str]:
    """A new token: its text and its id."""
    created = product.graphql(CREATE, input={"name": name, **grant})
    return created["text"], created["token"]["id"]


def revoke(product: Product, node: str) -> None:
    assert product.graphql(REVOKE, input={"id": node})["revokedAt"] is not None


def test_one_token_locks_the_door_at_once(product: Product) -> None:
    assert status(product) == 401
    assert status(product, bearer(product.http.headers["Authorization"].split()[1])) == 200
    viewer = product.graphql(VIEWER)
    assert (viewer["username"], viewer["roles"], viewer["credential"]) == (
        "default", ["ADMIN"], "TOKEN",
    )  # fmt: skip


def test_only_the_hash_of_a_token_is_stored_and_nothing_logged(product: Product) -> None:
    text, _ = made(product, "quiet")
    assert text.startswith("mcpapi_")
    assert len(text) == len("mcpapi_") + 43
    assert status(product, bearer(text)) == 200
    assert text not in tokens(product, "list") + product.output()
    for file in Path(product.data_dir, "mongodb").rglob("*"):
        assert not file.is_file() or text.encode() not in file.read_bytes()


def test_a_revoked_token_is_refused_at_once_and_for_ever(product: Product) -> None:
    text, node = made(product, "short", username="ada", groups=["red"])
    assert status(product, bearer(text)) == 200
    for _ in range(2):
        revoke(product, node)
        assert status(product, bearer(text)) == 401


def test_a_token_is_revoked_beside_the_running_product(product: Product) -> None:
    text, _ = made(product, "aside")
    assert status(product, bearer(text)) == 200
    rows = tokens(product, "list").splitlines()
    (row,) = (row for row in rows if row.endswith("aside (aside)"))
    assert row.split()[1:3] == ["user", "good"]
    said = tokens(product, "revoke", row.split()[0])
    assert said == "The token 'aside' is refused from now on.\n"
    assert eventually(lambda: status(product, bearer(text)) == 401)
    assert "no token with the id" in tokens(product, "revoke", "none", code=1)


def test_a_command_takes_the_id_that_graphql_gives(product: Product) -> None:
    text, node = made(product, "by node")
    assert tokens(product, "revoke", node) == "The token 'by node' is refused from now on.\n"
    eventually(lambda: status(product, bearer(text)) == 401)
    for wrong in ("none", "Tm9uZQBhYmM", node + "AAAA"):
        assert "no token with the id" in tokens(product, "revoke", wrong, code=1)


def test_an_expired_token_is_refused(product: Product) -> None:
    expiry = datetime.now(UTC) + timedelta(seconds=2)
    text, _ = made(product, "brief", expiresAt=expiry.isoformat())
    assert status(product, bearer(text)) == 200
    eventually(lambda: status(product, bearer(text)) == 401)


@pytest.mark.parametrize(
    ("grant", "path"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"username": "*"}, "username"),
        ({"username": ""}, "username"),
        ({"actFor": ["bob"]}, "actFor"),
        ({"role": "SERVICE", "actFor": [""]}, "actFor"),
        ({"groups": [""]}, "groups"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2030-01-01T00:00:00"}, "expiresAt"),
        ({"expiresAt": "9999-12-31T23:59:59-14:00"}, "expiresAt"),
    ],
    ids=(
        "blank",
        "line",
        "star",
        "nobody",
        "no service",
        "for nobody",
        "no group",
        "past",
        "local",
        "year 10000",
    ),
)
def test_a_token_that_makes_no_sense_is_not_made(
    product: Product, grant: dict[str, object], path: str
) -> None:
    before = product.graphql("{ tokens { nodes { id } } }")
    refused = product.graphql(CREATE, input={"name": "odd", **grant})
    assert refused == {"code": "INVALID_INPUT", "path": [path]}
    assert product.graphql("{ tokens { nodes { id } } }") == before


def test_when_a_token_was_last_used_is_known_soon(product: Product) -> None:
    text, _ = made(product, "used")

    def last() -> str | None:
        nodes = product.graphql("{ tokens { nodes { name lastUsedAt } } }")["nodes"]
        at: str | None = next(n["lastUsedAt"] for n in nodes if n["name"] == "used")
        return at

    assert last() is None
    assert status(product, bearer(text)) == 200
    assert eventually(last, seconds=10)


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer")],
        [("Authorization", "Basic Zm9vOmJhcg==")],
        [("Authorization", "mcpapi_x")],
        [bearer("mcpapi_" + "A" * 43)],
        [bearer("A" * 20_000)],
        [bearer("a b")],
        [("Authorization", "Bearer a\x00b")],
        [("X-Forwarded-User", "admin"), ("X-Remote-User", "admin")],
        [("Cookie", "token=x")],
    ],
    ids=("bare", "basic", "no scheme", "forged", "huge", "two words", "nul", "proxy", "cookie"),
)  # fmt: skip
def test_other_headers_open_nothing(product: Product, headers: list[tuple[str, str]]) -> None:
    try:
        assert status(product, *headers) in (400, 401, 431)
    except httpx.LocalProtocolError:
        assert "\x00" in headers[0][1]


def test_a_good_token_beside_another_is_refused(product: Product) -> None:
    text = product.http.headers["Authorization"].split()[1]
    assert status(product, bearer(text), bearer("x")) == 401
    assert status(product, bearer("x"), bearer(text)) == 401
    assert status(product, ("authorization", f"bEARER {text}")) == 200


def test_a_refusal_has_the_shape_of_its_door(product: Product) -> None:
    with httpx.Client(base_url=product.address, trust_env=False) as client:
        rest = client.get("/packages")
        graphql = client.post("/graphql", json={"query": "{ viewer { username } }"})
        wrong = client.post("/mcp", json={}, headers=[bearer("x")])
        for response in (rest, graphql, wrong):
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith('Bearer realm="mcp-api"')
        assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
        assert rest.json()["code"] == "UNAUTHENTICATED"
        assert graphql.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert "data" not in graphql.json()
        assert client.get("/healthz").status_code == 200
        assert client.get("/graphql", headers={"Accept": "text/html"}).status_code == 200
        assert (
            client.get("/graphql?query={__typename}", headers={"Accept": "text/html"}).status_code
            == 401
        )
        assert client.get("/nowhere").status_code == 401


def init(socket: ClientConnection, **payload: object) -> dict[str, Any]:
    socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    return told(socket)


def told(socket: ClientConnection) -> dict[str, Any]:
    try:
        message: dict[str, Any] = orjson.loads(socket.recv(10))
    except ConnectionClosedError as error:
        return {"closed": None if error.rcvd is None else error.rcvd.code}
    return message


def ask(socket: ClientConnection) -> dict[str, Any]:
    query = {"query": "{ viewer { username } }"}
    socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": query}))
    return told(socket)


def test_a_websocket_says_who_it_is_first(product: Product) -> None:
    text, _ = made(product, "socket", username="ada")
    for payload in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": ["x"]},
        {"Authorization": None},
    ):
        with product.raw_websocket() as socket:
            assert init(socket, **payload) == {"closed": 4401}
    with product.raw_websocket() as socket:
        assert ask(socket) == {"closed": 4401}
    handshake = {"additional_headers": {"Authorization": f"Bearer {text}"}}
    for options, payload in ((handshake, {}), ({}, {"Authorization": f"Bearer {text}"})):
        with product.raw_websocket(**options) as socket:
            assert init(socket, **payload) == {"type": "connection_ack"}
            assert ask(socket)["payload"] == {"data": {"viewer": {"username": "ada"}}}


def test_a_websocket_of_a_revoked_token_is_closed_at_its_next_operation(product: Product) -> None:
    text, node = made(product, "ending")
    with product.raw_websocket() as socket:
        assert init(socket, Authorization=f"Bearer {text}") == {"type": "connection_ack"}
        assert ask(socket)["type"] == "next"
        assert told(socket)["type"] == "complete"
        revoke(product, node)
        assert ask(socket) == {"closed": 4401}


@pytest.mark.parametrize("days", ["3650000", "99999999999", "nan", "inf"])
def test_a_token_cannot_be_good_for_longer_than_there_are_years(tmp_path: Path, days: str) -> None:
    finished = run(tmp_path, "tokens", "create", "x", "--days", days)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.splitlines()[-1] == (
        "Error: Invalid value for --days: must be a number of days that ends before the year 10000"
    )
    assert not (tmp_path / "data").exists()


def test_a_token_for_an_empty_user_is_not_made(product: Product) -> None:
    before = listed_ids(product)
    told = tokens(product, "create", "x", "--user", "", code=1)
    assert told.startswith("mcp-api: username must be 1 to 256 printable characters")
    assert listed_ids(product) == before


def listed_ids(product: Product) -> list[str]:
    """Of every token; when each was used last may be written at any moment."""
    return [line.split()[0] for line in tokens(product, "list").splitlines()]


def test_the_token_of_a_removed_user_works_until_it_is_revoked(product: Product) -> None:
    text, node = made(product, "leaver")
    removed = product.graphql(REMOVE_USER, input={"username": "leaver"})
    assert removed["__typename"] == "RemovedUser"
    assert status(product, bearer(text)) == 200
    revoke(product, node)
    assert status(product, bearer(text)) == 401
