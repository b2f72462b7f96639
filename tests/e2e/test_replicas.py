"""Two processes over one database: what one is told takes effect in the other."""

import json
from collections.abc import Iterator
from statistics import median

import pytest

from app.mongo.embedded import socket_uri
from app.mongo.process import SOCKET_NAME, socket_folder
from tests.product import Product, eventually
from tests.subjects import KEYED
from tests.waiting import is_alive

# What is promised; one of several tries may meet a busy machine.
PROMISED_SECONDS = 0.1
TRIES = 5
KEY = {"name": "key", "delivery": "ENVIRONMENT", "target": "API_KEY"}
CHANGES = """subscription ($name: String) {
  serverChanged(name: $name) { name server { name enabled displayName } }
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
    here.set_secret("keyed", "key", "value 0", "ada")
    here.set_secret("keyed", "key", "the value of bob", "bob")
    eventually(lambda: key_of(there, "keyed", "ada") == digest("value 0"))
    bob = there.call("keyed", "pid", ARGUMENTS, "bob")
    took, ended = [], []
    for number in range(1, TRIES + 1):
        old = pid_of(there, "keyed", "ada")
        here.set_secret("keyed", "key", f"value {number}", "ada")
        ended.append(seconds_until(lambda pid=old: not is_alive(pid)))
        assert key_of(there, "keyed", "ada") == digest(f"value {number}")
        took.append(ended[-1])
    assert median(ended) < PROMISED_SECONDS + CHILD_ENDS_SECONDS
    assert there.call("keyed", "pid", ARGUMENTS, "bob") == bob


def key_of(product: Product, server: str, user: str) -> str | None:
    keys: dict[str, str] = json.loads(product.call(server, "keys", ARGUMENTS, user))
    return keys.get("API_KEY")
