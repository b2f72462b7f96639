"""The edge of a product as an operator would set it up: TLS, CORS, proxies, limits, expiry."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from tests.graphql_documents import CALL_TOOL
from tests.product import JSON, Product, eventually
from tests.resolvers.sockets import subscribe
from tests.servers.certificates import self_signed

ADMIN = "the-admin-token-of-this-test-run-0123456789"
APP = "https://app.example.com"
CREATE = """mutation ($input: CreateTokenInput!) { createToken(input: $input) {
  __typename ... on CreatedToken { text token { id } } ... on Error { message } } }"""
REVOKE = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { __typename } }"
WATCH: dict[str, object] = {"query": "subscription { sessionChanged { id } }"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(
        tmp_path_factory.mktemp("e"), ADMIN_TOKEN=ADMIN, CORS_ORIGINS=APP,
        TRUSTED_PROXIES="127.0.0.1", CALLS_PER_SECOND="5", REQUEST_BODY_SECONDS="1",
    ).start()  # fmt: skip
    product.http.headers["Authorization"] = f"Bearer {ADMIN}"
    product.add_fingerprint("fp")
    yield product
    product.stop()


def token(product: Product, name: str, **more: object) -> dict[str, Any]:
    made = product.graphql(CREATE, input={"name": name, **more})
    assert made["__typename"] == "CreatedToken", made
    return dict(made)


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_every_answer_is_told_apart_and_tells_browsers_to_be_careful(product: Product) -> None:
    for method, path, status in (
        ("GET", "/mcp/servers", 200),
        ("GET", "/nope", 404),
        ("POST", "/graphql", 415),
        ("GET", "/graphql?query={__typename}", 200),
    ):
        answer = product.http.request(method, path, content=b"x" if method == "POST" else None)
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        kept = "private, no-cache" if path == "/mcp/servers" else "no-store"  # it has an ETag
        assert answer.headers["cache-control"] == kept
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert len(answer.headers["x-request-id"]) == 32
        assert "server" not in answer.headers
        assert "strict-transport-security" not in answer.headers
    page = product.http.get("/graphql", headers={"Accept": "text/html"})
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers.get_list("content-security-policy") == [
        page.headers["content-security-policy"]
    ]


def test_pages_of_a_listed_origin_may_call_and_others_may_not(product: Product) -> None:
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    may = product.http.options("/graphql", headers={"Origin": APP, **ask})
    assert may.status_code == 200
    assert may.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in may.headers
    call = product.http.get("/mcp/servers", headers={"Origin": APP})
    assert call.headers["access-control-allow-origin"] == APP
    assert "X-Request-Id" in call.headers["access-control-expose-headers"]
    for origin in ("https://evil.example", "http://app.example.com", "null"):
        for answer in (
            product.http.options("/graphql", headers={"Origin": origin, **ask}),
            product.http.get("/mcp/servers", headers={"Origin": origin}),
        ):
            assert answer.status_code in (400, 403)
            assert "access-control-allow-origin" not in answer.headers


def test_a_trusted_proxy_tells_where_requests_come_from(product: Product) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    answer = product.http.put(
        "/mcp/servers/fp", content=b'{"displayName": "F"}', headers={**JSON, **forwarded}
    )
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    query = "query ($id: String) { auditRecords(filter: {requestId: $id}) { nodes { peer } } }"
    nodes = eventually(lambda: product.graphql(query, id=answer.headers["x-request-id"])["nodes"])
    assert nodes == [{"peer": "198.51.100.7"}]


def test_a_body_that_does_not_end_is_refused_in_time(product: Product) -> None:
    head = (
        "POST /mcp/tool/call HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
        f"Content-Type: application/json\r\nAuthorization: Bearer {ADMIN}\r\n\r\n{{"
    )
    port = int(product.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head.encode())
        answer = client.makefile("rb").read().decode()  # until it is closed
    assert answer.startswith("HTTP/1.1 408 Request Timeout\r\n")
    assert "The body did not arrive within 1 s." in answer


def test_a_websocket_ends_with_its_token(product: Product) -> None:
    made = token(product, "short", expiresAt=soon(3))
    with product.raw_websocket() as wire:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {made['text']}"}}
        wire.send(orjson.dumps(init).decode())
        assert orjson.loads(wire.recv(10)) == {"type": "connection_ack"}
        subscribe(wire, "1", WATCH)
        with pytest.raises(ConnectionClosed) as caught:
            wire.recv(15)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4401


def test_an_event_stream_ends_when_its_token_is_revoked(product: Product) -> None:
    made = token(product, "gone")
    headers = {**JSON, "Accept": "text/event-stream", "Authorization": f"Bearer {made['text']}"}
    with httpx.stream(
        "POST", f"{product.address}/graphql", content=orjson.dumps(WATCH), headers=headers,
        timeout=30, trust_env=False,
    ) as stream:  # fmt: skip
        assert stream.status_code == 200
        product.graphql(REVOKE, input={"id": made["token"]["id"]})
        for _ in stream.iter_raw():
            pass  # until it is closed, properly


def test_too_many_calls_are_refused_at_every_door_with_how_long_to_wait(
    product: Product,
) -> None:
    made = token(product, "busy", role="ADMIN")
    bearer = {"Authorization": f"Bearer {made['text']}"}
    body = orjson.dumps({"serverName": "fp", "methodName": "pid"})
    answers = [
        product.http.post("/mcp/tool/call", content=body, headers={**JSON, **bearer})
        for _ in range(30)
    ]
    refused = [a for a in answers if a.status_code == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].json() == {
        "success": False,
        "error": "You may make 5 calls each second. Try again in 1 s.",
        "code": "RATE_LIMITED",
    }
    call = {"query": CALL_TOOL.replace("hint", "hint ... on UnavailableError { retryAfterSeconds }"),
            "variables": {"input": {"serverName": "fp", "toolName": "pid"}}}  # fmt: skip
    results = [
        product.http.post("/graphql", content=orjson.dumps(call), headers={**JSON, **bearer})
        .json()["data"]["callTool"]
        for _ in range(30)
    ]  # fmt: skip
    limited = [r for r in results if r.get("code") == "RATE_LIMITED"]
    assert limited
    assert (limited[0]["__typename"], limited[0]["retryAfterSeconds"]) == ("UnavailableError", 0.2)
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
           "params": {"name": "fp__pid", "arguments": {}}}  # fmt: skip
    told = [
        product.http.post("/mcp", content=orjson.dumps(ask), headers={**JSON, **bearer}).json()
        for _ in range(30)
    ]
    errors = [answer["error"] for answer in told if "error" in answer]
    assert errors[0] == {
        "code": -32029,
        "message": "You may make 5 calls each second. Try again in 1 s.",
        "data": {"code": "RATE_LIMITED", "retryAfterSeconds": 0.2},
    }


def test_it_serves_over_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    product = Product(tmp_path / "p", TLS_CERT_FILE=str(certificate), TLS_KEY_FILE=str(key)).start()
    try:
        assert product.address.startswith("https://")
        trusting = ssl.create_default_context(cafile=certificate)
        answer = httpx.get(f"{product.address}/healthz", verify=trusting, trust_env=False)
        assert answer.json() == {"success": True, "status": "ok"}
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
    finally:
        product.stop()
