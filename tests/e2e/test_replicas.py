"""Two processes over one database: what one is told takes effect in the other."""

import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import orjson
import pytest

from app.mongo.embedded import socket_uri
from app.mongo.process import SOCKET_NAME, socket_folder
from tests.graphql_documents import DELETE_SERVER, DISABLE_SERVER, ENABLE_SERVER, UPDATE_SERVER
from tests.product import Product, eventually
from tests.resolvers.sockets import events, subscribe
from tests.subjects import FINGERPRINT, KEYED
from tests.waiting import is_alive

PROMISED_SECONDS = 0.1
TRIES = 3
ARGUMENTS = {"city": "Rome", "token": "mine"}
KEY = {"name": "key", "delivery": "ENVIRONMENT", "target": "API_KEY"}
CHANGES = """subscription ($name: String) {
  serverChanged(serverName: $name) { serverName server { name enabled displayName } }
}"""
SESSIONS = """query ($name: String!) {
  sessions(filter: { serverName: $name }) { nodes { owner pid state } }
}"""
REMOVE_USER = """mutation ($name: String!) {
  removeUser(input: { username: $name }) { __typename ... on Error { code message } }
}"""
DELETE_SECRET = """mutation ($input: DeleteSecretInput!) {
  deleteSecret(input: $input) { __typename ... on Error { code message } }
}"""

CREATE_TOKEN = """mutation ($input: CreateTokenInput!) {
  createToken(input: $input) {
    __typename ... on CreatedToken { text token { id } } ... on Error { code message path }
  }
}"""
REVOKE_TOKEN = """mutation ($input: RevokeTokenInput!) {
  revokeToken(input: $input) { ... on Token { revokedAt } ... on Error { code message } }
}"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The process that is told; its mongod is both's."""
    product = Product(tmp_path_factory.mktemp("h")).start()
    yield product
    product.stop()


@pytest.fixture(scope="module")
def there(here: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Another process, which nobody tells anything."""
    mongod = socket_uri(socket_folder(here.data_dir) / SOCKET_NAME)
    key = str(here.data_dir / "secrets.key")
    product = Product(
        tmp_path_factory.mktemp("t"), MONGODB_URI=mongod, SECRETS_KEY_FILE=key
    ).start()
    yield product
    product.stop()


def test_a_changed_secret_is_in_the_next_call_and_ends_the_session_of_the_old_one(
    here: Product, there: Product
) -> None:
    here.add_server("keyed", KEYED, secrets=[KEY])
    here.set_secret("keyed", "key", "the value of bob", "bob")
    bob = eventually(lambda: pid_of(there, "bob"))
    seconds = []
    for number in range(TRIES):
        value = f"value {number} of ada"
        pid = given(here, there, "ada", value)
        here.set_secret("keyed", "key", f"{value}, changed", "ada")
        seconds.append(seconds_until(is_out_of_use, there, pid))
        assert key_of(there, "ada") == digest(f"{value}, changed")
    assert usual(seconds) < PROMISED_SECONDS, seconds
    assert pid_of(there, "bob") == bob


def test_a_deleted_secret_and_a_removed_user_end_their_sessions(
    here: Product, there: Product
) -> None:
    seconds = []
    for number in range(TRIES):
        user = f"user{number}"
        pid = given(here, there, user, "a value of a user")
        place = {"serverName": "keyed", "name": "key", "username": user}
        assert here.graphql(DELETE_SECRET, input=place)["__typename"] == "DeletedSecret"
        seconds.append(seconds_until(is_out_of_use, there, pid))
        assert key_of(there, user) is None
        pid = given(here, there, user, "another value of a user")
        assert here.graphql(REMOVE_USER, name=user)["__typename"] == "RemovedUser"
        seconds.append(seconds_until(is_out_of_use, there, pid))
        assert key_of(there, user) is None
    assert usual(seconds) < PROMISED_SECONDS, seconds


def test_a_removed_user_has_no_session_left_that_carries_nothing(
    here: Product, there: Product
) -> None:
    here.add_server("own", FINGERPRINT, isolation="PER_USER")
    pid = eventually(lambda: int(there.call("own", "pid", username="ada")))
    assert pid in pids_in_use(there)
    here.graphql(REMOVE_USER, name="ada")
    eventually(lambda: not is_alive(pid))
    here.graphql(DELETE_SERVER, input={"serverName": "own"})


def test_a_server_that_is_disabled_or_deleted_takes_no_call_and_has_no_session(
    here: Product, there: Product
) -> None:
    seconds = []
    for number in range(TRIES):
        name = f"fp{number}"
        here.add_fingerprint(name)
        until_started(there, name)  # nobody has called it there
        for mutation, code in (
            (DISABLE_SERVER, "SERVER_DISABLED"),
            (ENABLE_SERVER, None),
            (DELETE_SERVER, "SERVER_NOT_FOUND"),
        ):
            change(here, mutation, name)
            seconds.append(seconds_until(is_refused, there, name, code))
            if code is None:
                until_started(there, name)
            else:
                seconds.append(seconds_until(has_no_session, there, name))
    assert usual(seconds) < PROMISED_SECONDS, seconds


def test_a_changed_launch_is_that_of_the_next_call(here: Product, there: Product) -> None:
    here.add_fingerprint("fp")
    old = until_started(there, "fp")
    update = {"serverName": "fp", "env": {"COLOUR": "blue"}}
    assert here.graphql(UPDATE_SERVER, input=update)["__typename"] == "Server"
    time.sleep(PROMISED_SECONDS)
    assert json.loads(there.call("fp", "environment"))["COLOUR"] == "blue"
    eventually(lambda: not is_alive(old))


def test_changes_of_servers_are_followed_from_any_process(here: Product, there: Product) -> None:
    with there.websocket() as socket:
        subscribe(socket, "1", {"query": CHANGES, "variables": {"name": "news"}})
        subscribe(socket, "2", {"query": "{ viewer { username } }"})
        assert orjson.loads(socket.recv(10))["id"] == "2"  # both are subscribed
        assert orjson.loads(socket.recv(10))["type"] == "complete"
        feed = events(socket)
        here.add_fingerprint("other")
        here.add_fingerprint("news")
        assert next(feed) == shown("news", enabled=True)
        here.graphql(UPDATE_SERVER, input={"serverName": "news", "displayName": "News"})
        assert next(feed) == shown("news", enabled=True, displayName="News")
        change(here, DISABLE_SERVER, "news")
        assert next(feed) == shown("news", enabled=False, displayName="News")
        change(here, DELETE_SERVER, "news")
        assert next(feed) == {"serverName": "news", "server": None}


def test_the_first_token_locks_every_process_and_a_revoked_one_opens_none(
    here: Product, there: Product
) -> None:
    """The last test here: from now on callers have to say who they are."""
    assert status(there, None) == 200
    made = here.graphql(CREATE_TOKEN, input={"name": "root", "role": "ADMIN"})
    seconds = [seconds_until(has_status, there, None, 401)]
    here.http.headers["Authorization"] = f"Bearer {made['text']}"
    assert status(there, made["text"]) == 200
    for number in range(TRIES):
        token = here.graphql(CREATE_TOKEN, input={"name": f"t{number}", "username": "ada"})
        assert status(there, token["text"]) == 200
        here.graphql(REVOKE_TOKEN, input={"id": token["token"]["id"]})
        seconds.append(seconds_until(has_status, there, token["text"], 401))
    assert usual(seconds) < PROMISED_SECONDS, seconds


def status(product: Product, token: str | None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return product.http.get("/mcp/tools", headers=headers).status_code


def has_status(product: Product, token: str | None, wanted: int) -> bool:
    return status(product, token) == wanted


def shown(name: str, **fields: object) -> dict[str, object]:
    return {"serverName": name, "server": {"name": name, "displayName": name, **fields}}


def usual(seconds: list[float]) -> float:
    """The upper bound of the quickest third: a machine that runs other tests delays the others."""
    return sorted(seconds)[len(seconds) // 3]


def seconds_until(effect: Callable[..., bool], *args: object) -> float:
    """How many seconds from now the effect is there."""
    began = time.monotonic()
    while not effect(*args):
        assert time.monotonic() - began < 10
    return time.monotonic() - began


def change(product: Product, mutation: str, name: str) -> None:
    answer = product.graphql(mutation, input={"serverName": name})
    assert answer["__typename"] in ("Server", "DeletedServer"), answer


def is_refused(product: Product, server: str, code: str | None) -> bool:
    """Whether a call is refused with that code; None: whether it is not."""
    body = {"serverName": server, "methodName": "pid"}
    told: object = product.rest("POST", "/mcp/tool/call", body).json().get("code")
    return told == code


def sessions(product: Product, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = product.graphql(SESSIONS, name=server)["nodes"]
    return found


def started(product: Product, server: str) -> int | None:
    """The process of the session that takes calls."""
    ready = [s["pid"] for s in sessions(product, server) if s["state"] == "READY"]
    return ready[0] if ready else None


def until_started(product: Product, server: str) -> int:
    return eventually(lambda: started(product, server))


def has_no_session(product: Product, server: str) -> bool:
    return started(product, server) is None


def is_out_of_use(product: Product, pid: int) -> bool:
    return pid not in pids_in_use(product)


def pids_in_use(product: Product) -> set[int]:
    """The processes that take calls."""
    nodes = product.graphql("{ sessions { nodes { pid state } } }")["nodes"]
    return {node["pid"] for node in nodes if node["state"] == "READY"}


def pid_of(product: Product, user: str) -> int:
    return int(product.call("keyed", "pid", ARGUMENTS, user))


def given(here: Product, there: Product, user: str, value: str) -> int:
    """Set the user's key, and return the process there that carries it."""
    here.set_secret("keyed", "key", value, user)
    eventually(lambda: key_of(there, user) == digest(value))
    return pid_of(there, user)


def key_of(product: Product, user: str) -> str | None:
    keys: dict[str, str] = json.loads(product.call("keyed", "keys", ARGUMENTS, user))
    return keys.get("API_KEY")


def digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()
