"""Secrets through GraphQL: declared, set, shared, looked at before a call, removed with a user."""

import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.graphql_documents import (
    ADD_SERVER,
    CALL_TOOL,
    DELETE_SECRET,
    DELETE_SERVER,
    INSTALL_PACKAGE,
    KEY_ROTATION,
    KEYS,
    PREFLIGHT,
    REMOVE_USER,
    ROTATE_KEYS,
    SECRETS,
    SET_SECRET,
    UPDATE_SERVER,
)
from tests.product import Product
from tests.resolvers.sockets import events, subscribe
from tests.subjects import KEYED

PROGRAM = {"command": sys.executable, "args": ["-S", str(KEYED)]}
BINDINGS: list[dict[str, Any]] = [
    {"name": "key", "delivery": "ENVIRONMENT", "target": "API_KEY", "template": "k {value}",
     "required": True, "description": "From the console."},
    {"name": "API_CERT_FILE", "delivery": "FILE"},
    {"name": "token"},
]  # fmt: skip
SHOWN = [
    BINDINGS[0],
    {**BINDINGS[1], "target": "API_CERT_FILE", "template": "{value}", "required": False,
     "description": None},
    {"name": "token", "delivery": "ARGUMENT", "target": "token", "template": "{value}",
     "required": False, "description": None},
]  # fmt: skip


@pytest.fixture
def keyed(product: Product) -> Iterator[Product]:
    """The product with a server `keyed` that declares its secrets."""
    added = product.graphql(
        ADD_SERVER, input={"serverName": "keyed", **PROGRAM, "secrets": BINDINGS}
    )
    assert added["secretBindings"] == SHOWN
    yield product
    product.graphql(DELETE_SERVER, input={"serverName": "keyed"})
    for name in ("ada", "bob"):
        product.graphql(REMOVE_USER, input={"username": name})


def keep(product: Product, name: str, value: str, **more: object) -> Any:
    given = {"serverName": "keyed", "name": name, "value": value, **more}
    return product.graphql(SET_SECRET, input=given)


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def test_the_defaults_of_a_declaration_can_be_changed_and_taken_back(keyed: Product) -> None:
    change = {"serverName": "keyed", "secrets": [], "masksResults": False}
    changed = keyed.graphql(UPDATE_SERVER, input=change)
    assert (changed["secretBindings"], changed["masksResults"]) == ([], False)
    again = keyed.graphql(UPDATE_SERVER, input={"serverName": "keyed", "description": "x"})
    assert (again["secretBindings"], again["masksResults"]) == ([], False)


def test_a_declaration_that_cannot_be_carried_changes_nothing(keyed: Product) -> None:
    wrong = [{"name": "key", "delivery": "HEADER"}]
    refused = keyed.graphql(UPDATE_SERVER, input={"serverName": "keyed", "secrets": wrong})
    assert refused == {
        "__typename": "InvalidInputError", "code": "INVALID_INPUT",
        "message": "Delivery HEADER does not go with this transport.",
        "path": ["secrets", "0", "delivery"], "hint": None,
    }  # fmt: skip
    install = {"packageName": "x", "serverName": "x", "secrets": wrong}
    assert keyed.graphql(INSTALL_PACKAGE, input=install)["code"] == "INVALID_INPUT"
    query = '{ server(serverName: "keyed") { secretBindings { name } } }'
    assert [b["name"] for b in keyed.graphql(query)["secretBindings"]] == [
        b["name"] for b in BINDINGS
    ]


def test_a_missing_secret_is_said_before_and_at_the_call(keyed: Product) -> None:
    keep(keyed, "token", "the token of ada", username="ada")
    found = keyed.graphql(PREFLIGHT, serverName="keyed", username="ada")
    assert (found["username"], found["missing"]) == ("ada", ["key"])
    call = {"serverName": "keyed", "toolName": "keys", "username": "ada"}
    assert keyed.graphql(CALL_TOOL, input=call) == {
        "__typename": "ConflictError", "code": "SECRET_MISSING",
        "message": "Server 'keyed' needs secrets that are not set: 'key'.",
        "path": ["serverName"], "hint": "Set them for this user, then call again.",
    }  # fmt: skip
    key, cert, token = found["secrets"]
    assert key == {
        "name": "key", "delivery": "ENVIRONMENT", "target": "API_KEY", "required": True,
        "declared": True, "description": "From the console.", "isSet": False, "shared": False,
        "setAt": None, "lastUsedAt": None,
    }  # fmt: skip
    assert (cert["isSet"], token["isSet"], token["shared"]) == (False, True, False)
    assert datetime.fromisoformat(token["setAt"]).tzinfo is not None


def test_what_all_share_is_listed_apart_and_used_where_a_user_has_nothing(
    keyed: Product,
) -> None:
    shared = keep(keyed, "key", "the key of all", shared=True)
    assert (shared["shared"], shared["username"], shared["delivery"]) == (
        True, None, "ENVIRONMENT",
    )  # fmt: skip
    own = keep(keyed, "key", "the key of ada", username="ada")
    assert (own["shared"], own["username"]) == (False, "ada")
    for name, value in (("ada", "k the key of ada"), ("bob", "k the key of all")):
        assert json.loads(keyed.call("keyed", "keys", {"city": "", "token": ""}, name)) == {
            "API_KEY": digest(value)
        }
    (listed,) = keyed.graphql(SECRETS, serverName="keyed", shared=True)["nodes"]
    # Its use is written a few seconds later.
    assert {**listed, "__typename": "Secret", "lastUsedAt": None} == shared
    query = "query ($id: ID!) { node(id: $id) { __typename id ... on Secret { server { name } } } }"
    assert keyed.graphql(query, id=shared["id"]) == {
        "__typename": "Secret", "id": shared["id"], "server": {"name": "keyed"},
    }  # fmt: skip
    both = {"serverName": "keyed", "name": "key", "shared": True, "username": "ada"}
    assert keyed.graphql(DELETE_SECRET, input=both)["path"] == ["username"]
    gone = {"serverName": "keyed", "name": "key", "shared": True}
    assert keyed.graphql(DELETE_SECRET, input=gone)["existed"] is True
    assert keyed.graphql(SECRETS, serverName="keyed", shared=True)["nodes"] == []
    assert len(keyed.graphql(SECRETS, serverName="keyed", username="ada")["nodes"]) == 1


def test_a_secret_that_is_not_declared_is_an_argument(keyed: Product) -> None:
    assert keep(keyed, "other", "an argument", username="ada")["delivery"] == "ARGUMENT"


def test_declared_arguments_are_not_asked_for(keyed: Product) -> None:
    keep(keyed, "key", "the key of ada", username="ada")
    keyed.call("keyed", "pid", {"city": "", "token": ""}, "ada")
    query = '{ server(serverName: "keyed") { tool(toolName: "pid") { inputSchema } } }'
    schema = keyed.graphql(query)["tool"]["inputSchema"]
    assert (set(schema["properties"]), schema["required"]) == ({"city", "note"}, ["city"])
    rest = keyed.rest("GET", "/mcp/servers/keyed").json()["server"]
    assert [tool["inputSchema"] for tool in rest["toolsList"]] == [schema] * 8
    listed = keyed.rest("GET", "/mcp/tools").json()["tools"]
    (tools,) = [entry["keyed"] for entry in listed if "keyed" in entry]
    assert [tool["inputSchema"] for tool in tools] == [schema] * 8


def test_a_removed_user_has_nothing_left(keyed: Product) -> None:
    keep(keyed, "key", "the key of ada", username="ada")
    keep(keyed, "token", "the token of ada", username="ada")
    removed = keyed.graphql(REMOVE_USER, input={"username": "ada"})
    assert removed == {"__typename": "RemovedUser", "username": "ada", "secrets": 2}
    assert keyed.graphql(SECRETS, username="ada")["nodes"] == []
    assert keyed.graphql(REMOVE_USER, input={"username": ""})["code"] == "INVALID_INPUT"


def test_the_keys_are_told_by_id_and_rotated_while_somebody_watches(keyed: Product) -> None:
    keep(keyed, "key", "the key of ada", username="ada")
    (key,) = keyed.graphql(KEYS)
    assert key | {"known": True, "sealing": True, "needed": True, "v1Secrets": 0} == key
    assert key["dataKeys"] > 0
    wrong = keyed.graphql(ROTATE_KEYS, input={"sealingKeyId": "no-such-key"})
    assert (wrong["code"], wrong["path"]) == ("INVALID_INPUT", ["sealingKeyId"])
    done = {"total": 0, "done": 0, "left": 0, "unreadable": 0}
    with keyed.websocket() as socket:
        subscribe(socket, "1", {"query": KEY_ROTATION})
        started = keyed.graphql(ROTATE_KEYS, input={"sealingKeyId": key["id"]})
        assert started["keys"] == [key]
        assert started["progress"] | done == started["progress"]
        for step in events(socket):
            assert step | done == step
            if step["finished"]:
                break
