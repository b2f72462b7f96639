"""What every request passes first: route, method, host, type and size."""

import socket
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.product import JSON, Product
from tests.rest.stored import stored

LIMIT = 64 * 1024
ROUTES = [
    ("/healthz", "GET, HEAD, OPTIONS"),
    ("/packages", "GET, HEAD, OPTIONS"),
    ("/packages/by-name/x", "GET, HEAD, OPTIONS"),
    ("/packages/by-id/x", "GET, HEAD, OPTIONS"),
    ("/packages/x/enable", "OPTIONS, PUT"),
    ("/packages/x/disable", "OPTIONS, PUT"),
    ("/mcp/servers", "GET, HEAD, OPTIONS, POST"),
    ("/mcp/servers/fp", "DELETE, GET, HEAD, OPTIONS, PUT"),
    ("/mcp/servers/fp/enable", "OPTIONS, PUT"),
    ("/mcp/servers/fp/disable", "OPTIONS, PUT"),
    ("/mcp/tools", "GET, HEAD, OPTIONS"),
    ("/mcp/tool/call", "OPTIONS, POST"),
    ("/secrets/set", "OPTIONS, POST"),
    ("/secrets/delete", "OPTIONS, POST"),
    ("/openapi.json", "GET, HEAD, OPTIONS"),
    ("/docs", "GET, HEAD, OPTIONS"),
    ("/tools/openapi.json", "GET, HEAD, OPTIONS"),
    ("/tools/fp/openapi.json", "GET, HEAD, OPTIONS"),
    ("/packages/updates", "GET, HEAD, OPTIONS"),
    ("/packages/install", "OPTIONS, POST"),
    ("/packages/upgrade-all", "OPTIONS, PUT"),
    ("/packages/by-name/enable", "GET, HEAD, OPTIONS"),
    ("/tools/fp/pid", "OPTIONS, POST"),
]


@pytest.mark.parametrize(("path", "allowed"), ROUTES)
def test_a_wrong_method_is_405_and_says_which_are_right(
    product: Product, path: str, allowed: str
) -> None:
    response = product.rest("PATCH", path, {})
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert response.json() == {
        "success": False,
        "error": f"{path} does not answer to PATCH. It answers to {allowed}.",
        "code": "METHOD_NOT_ALLOWED",
    }


@pytest.mark.parametrize(
    "path",
    ["/nope", "/packages/x/downgrade", "/packages/upgrade-all/x", "/mcp/tool", "/secrets",
     "/mcp/servers/fp/restart", "/mcp/servers/", "/healthz/", "/%2e%2e/etc/passwd", "/ä", "/%00", "/%ff"],
)  # fmt: skip
def test_an_unknown_route_is_404_in_the_same_shape(product: Product, path: str) -> None:
    response = product.rest("GET", path)
    assert response.status_code == 404
    answer = response.json()
    assert (answer["success"], answer["code"]) == (False, "ROUTE_NOT_FOUND")
    assert answer["error"].endswith("/docs lists the routes; GraphQL is at /graphql.")


def test_a_file_outside_the_pages_folder_is_not_served(product: Product) -> None:
    for path in ("/graphiql/../view.py", "/graphiql/%2e%2e/view.py", "/graphiql/none.js"):
        response = product.rest("GET", path)
        assert (response.status_code, response.json()["code"]) == (404, "ROUTE_NOT_FOUND"), path


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("LOCALHOST:1", 200), ("127.0.0.1", 200), ("[::1]:8080", 200),
     ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example:80", 403),
     ("evil.example:8080", 403), ("localhost@evil.example", 403), ("10.0.0.1", 403), ("[::2]", 403)],
)  # fmt: skip
def test_only_our_own_host_names_are_answered_to(product: Product, host: str, status: int) -> None:
    response = product.rest("GET", "/healthz", headers={"Host": host})
    assert response.status_code == status
    if status == 403:
        assert response.json() == {
            "success": False,
            "error": "This server does not answer to that host name. "
            "Use localhost, or add the name to ALLOWED_HOSTS.",
            "code": "HOST_NOT_ALLOWED",
        }


def test_a_websocket_for_another_host_name_is_refused(product: Product) -> None:
    host, port = product.address.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port))) as connection,
        pytest.raises(InvalidStatus) as caught,
    ):
        connect(f"ws://evil.example:{port}/graphql", sock=connection)
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_a_type_that_another_site_can_send_is_415(product: Product, kind: str) -> None:
    before = stored(product)
    body = b'{"name": "sneaked", "command": "true"}'
    headers = {"Content-Type": kind} if kind else {}
    response = product.http.post("/mcp/servers", content=body, headers=headers)
    assert response.status_code == 415
    assert response.json()["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert stored(product) == before


def test_json_with_a_charset_is_json(product: Product) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    body = b'{"serverName": "fp", "methodName": "pid"}'
    assert product.http.post("/mcp/tool/call", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/mcp/tool/call", "/secrets/set", "/graphql", "/packages/install"]
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_beyond_the_limit_is_413_however_it_is_sent(
    product: Product,
    path: str,
    is_chunked: bool,  # noqa: FBT001 - a row
) -> None:
    response = product.http.post(
        path, content=chunks(LIMIT + 1) if is_chunked else b"x" * (LIMIT + 1), headers=JSON
    )
    assert response.status_code == 413
    said, hint = f"The body is larger than {LIMIT} bytes.", "Send less, or raise PAYLOAD_LIMIT."
    code = "PAYLOAD_TOO_LARGE"
    if path == "/graphql":
        extensions = {"code": code, "hint": hint}
        assert response.json() == {"errors": [{"message": said, "extensions": extensions}]}
    else:
        assert response.json() == {"success": False, "error": f"{said} {hint}", "code": code}


def test_a_body_of_exactly_the_limit_is_read(product: Product) -> None:
    for content in (b" " * LIMIT, chunks(LIMIT)):
        response = product.http.post("/secrets/set", content=content, headers=JSON)
        assert response.json()["code"] == "INVALID_INPUT"


def chunks(size: int) -> Iterator[bytes]:
    """A body without a Content-Length."""
    while size > 0:
        yield b" " * min(size, 10_000)
        size -= 10_000
