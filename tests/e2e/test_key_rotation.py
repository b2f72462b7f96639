"""A rotation asked for over GraphQL, with much to do, while users call."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest

from app.vault.keys import key_id
from tests.graphql_documents import KEY_ROTATION, KEYS, ROTATE_KEYS
from tests.product import Product
from tests.resolvers.sockets import events, subscribe

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
USERS = [f"user{number}" for number in range(120)]
BATCH = 100


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def value_of(user: str) -> str:
    return f"the secret value of {user}"


def test_secrets_come_under_a_new_key_while_they_are_used(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    product = Product(tmp_path_factory.mktemp("r"), SECRETS_KEY=text(OLD)).start()
    product.add_fingerprint("fp")
    for user in USERS:
        product.set_secret("fp", "token", value_of(user), user)
    product.stop()
    product.configure(SECRETS_KEY=text(NEW), SECRETS_KEYS_OLD=text(OLD))
    product.start()
    assert needs(product) == {key_id(NEW): 0, key_id(OLD): len(USERS)}
    is_over = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call_until, product, is_over, first) for first in (0, 60)]
        try:
            steps = rotate(product)
        finally:
            is_over.set()
        made = [call.result(timeout=30) for call in calls]
    assert min(made) > 0  # and every one of them was answered, with the right value
    whole = {"total": len(USERS), "unreadable": 0}
    # A user's key that was rewrapped by a call's side cannot be: only the rotation does that.
    assert [step["done"] for step in steps if not step["finished"]] == [0, BATCH, len(USERS)]
    assert steps[-1] == {**whole, "done": len(USERS), "left": 0, "finished": True}
    assert needs(product) == {key_id(NEW): len(USERS), key_id(OLD): 0}
    product.stop()
    product.configure(SECRETS_KEYS_OLD="")
    product.start()
    for user in USERS[::20]:
        assert fingerprint(product, user) == digest(user)
    product.stop()


def rotate(product: Product) -> list[dict[str, Any]]:
    """Every step that is told until the rotation is done."""
    steps = []
    with product.websocket() as socket:
        subscribe(socket, "1", {"query": KEY_ROTATION})
        started = product.graphql(ROTATE_KEYS, input={"sealingKeyId": key_id(NEW)})
        assert started["__typename"] == "StartedKeyRotation", started
        for step in events(socket):
            steps.append(step)
            if step["finished"]:
                break
    return steps


def call_until(product: Product, is_over: threading.Event, first: int) -> int:
    made = 0
    while not is_over.is_set() or made == 0:
        user = USERS[(first + made) % len(USERS)]
        assert fingerprint(product, user) == digest(user)
        made += 1
    return made


def fingerprint(product: Product, user: str) -> str:
    answer: dict[str, str] = json.loads(product.call_rest("fp", "fingerprint", {}, user))
    return answer["token"]


def digest(user: str) -> str:
    return sha256(value_of(user).encode()).hexdigest()


def needs(product: Product) -> dict[str, int]:
    return {key["id"]: key["dataKeys"] for key in product.graphql(KEYS)}
