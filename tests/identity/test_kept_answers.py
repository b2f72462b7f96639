"""What is kept under an Idempotency-Key is given again to nobody who may do less."""

from collections.abc import Iterator

import httpx
import pytest

from tests.identity.callers import ADMIN_TOKEN
from tests.product import JSON, Product

CREATE = """mutation($input: CreateTokenInput!) {
    createToken(input: $input) { ... on CreatedToken { text } ... on Error { code message } } }"""
FOR_ALICE = {
    "serverName": "fp", "methodName": "fingerprint", "args": {"city": "Bern"}, "username": "alice",
}  # fmt: skip
ADDED = {"name": "mcp-hello-world", "serverName": "kept", "env": {"REGION": "bern-1"}}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("k"), ADMIN_TOKEN=ADMIN_TOKEN).start()
    product.http.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    product.add_fingerprint("fp")
    yield product
    product.stop()


def token(product: Product, username: str, role: str, **more: object) -> str:
    created = {"name": f"a {role} token", "role": role, "username": username, **more}
    text: str = product.graphql(CREATE, input=created)["text"]
    return text


def ask(product: Product, text: str, path: str, body: object) -> httpx.Response:
    headers = {**JSON, "Idempotency-Key": "same", "Authorization": f"Bearer {text}"}
    return product.rest("POST", path, body, headers=headers)


def test_a_service_does_not_get_what_was_kept_for_another_of_its_name(product: Product) -> None:
    hers = token(product, "robot", "SERVICE", actFor=["alice"])
    his = token(product, "robot", "SERVICE", actFor=["bob"])
    first = ask(product, hers, "/mcp/tool/call", FOR_ALICE)
    assert (first.status_code, first.json()["success"]) == (200, True)
    refused = ask(product, his, "/mcp/tool/call", FOR_ALICE)
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert "data" not in refused.json()
    assert ask(product, hers, "/mcp/tool/call", FOR_ALICE).content == first.content


def test_a_user_token_does_not_get_what_an_admin_token_was_answered(product: Product) -> None:
    admin = token(product, "alice", "ADMIN")
    first = ask(product, admin, "/packages/install", ADDED)
    assert (first.status_code, first.json()["success"]) == (200, True)
    refused = ask(product, token(product, "alice", "USER"), "/packages/install", ADDED)
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert "bern-1" not in refused.text
    again = ask(product, token(product, "alice", "ADMIN"), "/packages/install", ADDED)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
