"""What is kept under an Idempotency-Key is given again to nobody who may do less."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.identity.callers import ADMIN_TOKEN
from tests.product import JSON, Product, eventually

CREATE = """mutation($input: CreateTokenInput!) {
    createToken(input: $input) { ... on CreatedToken { text } ... on Error { code message } } }"""
CALL = {"serverName": "fp", "methodName": "fingerprint", "args": {"city": "Bern"}}
RECORD = """query ($request: String!) { auditRecords(filter: {requestId: $request}) { nodes {
    principal username action serverName target outcome } } }"""
FOR_ALICE = {**CALL, "username": "alice"}
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
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    both = ask(
        product,
        token(product, "robot", "SERVICE", actFor=["alice", "bob"]),
        "/mcp/tool/call",
        FOR_ALICE,
    )
    assert (both.status_code, both.json()["code"]) == (409, "CONFLICT")
    assert "data" not in refused.json() | both.json()
    assert ask(product, hers, "/mcp/tool/call", FOR_ALICE).content == first.content


def test_a_user_token_does_not_get_what_an_admin_token_was_answered(product: Product) -> None:
    admin = token(product, "alice", "ADMIN")
    first = ask(product, admin, "/packages/install", ADDED)
    assert (first.status_code, first.json()["success"]) == (200, True)
    refused = ask(product, token(product, "alice", "USER"), "/packages/install", ADDED)
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert "bern-1" not in refused.text
    again = ask(product, token(product, "alice", "ADMIN"), "/packages/install", ADDED)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("route", ["/mcp/tool/call", "/tools/fp/fingerprint"])
@pytest.mark.parametrize(
    ("access", "code"),
    [
        ({"users": ["bob"]}, "SERVER_NOT_FOUND"),
        ({"deniedTools": ["fingerprint"]}, "TOOL_NOT_FOUND"),
        ({"readOnly": True}, "TOOL_NOT_FOUND"),
        ({"renamedTools": {"fingerprint": "print"}}, "TOOL_NOT_FOUND"),
    ],
)
def test_who_may_no_longer_call_a_tool_does_not_get_its_kept_answer(
    product: Product, route: str, access: dict[str, object], code: str
) -> None:
    body = CALL if route == "/mcp/tool/call" else CALL["args"]
    headers = {
        **JSON, "Idempotency-Key": uuid4().hex,
        "Authorization": f"Bearer {token(product, 'alice', 'USER')}",
    }  # fmt: skip
    first = product.rest("POST", route, body, headers=headers)
    assert first.status_code == 200
    product.rest("PUT", "/mcp/servers/fp", {"access": access})
    refused = product.rest("POST", route, body, headers=headers)
    product.rest("PUT", "/mcp/servers/fp", {"access": {}})
    assert (refused.status_code, refused.json()["code"]) == (404, code)
    again = product.rest("POST", route, body, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


def test_each_time_it_is_asked_for_again_is_on_record_and_said_to_be(product: Product) -> None:
    alice = token(product, "alice", "USER")
    asked = [
        product.rest(
            "POST", "/mcp/tool/call", CALL,
            headers={**JSON, "Idempotency-Key": "on-record", "Authorization": f"Bearer {alice}"},
        ).headers["x-request-id"]
        for _ in range(3)
    ]  # fmt: skip

    def recorded() -> list[object]:
        return [product.graphql(RECORD, request=request)["nodes"] for request in asked]

    eventually(lambda: all(recorded()))
    same = {
        "principal": "alice", "username": "alice", "action": "CALL_TOOL", "serverName": "fp",
        "target": "fingerprint",
    }  # fmt: skip
    first, *again = recorded()
    assert first == [{**same, "outcome": "OK"}]
    assert again == [[{**same, "outcome": "REPLAYED"}]] * 2


def test_what_is_asked_for_again_counts_as_a_call(tmp_path: Path) -> None:
    product = Product(tmp_path, CALLS_PER_SECOND="2").start()
    product.add_fingerprint("fp")
    headers = {**JSON, "Idempotency-Key": "often"}
    answers = [
        product.rest("POST", "/mcp/tool/call", CALL, headers=headers) for _ in range(40)
    ]  # fmt: skip
    product.stop()
    codes = {(answer.status_code, answer.json().get("code")) for answer in answers}
    assert codes == {(200, None), (429, "RATE_LIMITED")}
