"""What a client of any REST API counts on: tags, compression, HEAD and OPTIONS."""

import gzip

import pytest

from tests.product import JSON, Product
from tests.rest.stored import stored

LISTINGS = ["/mcp/servers", "/mcp/tools", "/packages", "/tools/openapi.json", "/openapi.json"]


@pytest.mark.parametrize("path", LISTINGS)
def test_a_listing_that_has_not_changed_is_not_sent_again(product: Product, path: str) -> None:
    product.call("fp", "pid")  # its state is steady from now on
    first = product.rest("GET", path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = product.rest("GET", path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for other in ('W/"other"', "", tag.strip('"')):
        again = product.rest("GET", path, headers={"If-None-Match": other})
        assert (again.status_code, again.json()) == (200, first.json())


def test_a_change_changes_the_tag(product: Product) -> None:
    before = product.rest("GET", "/mcp/servers/fp").headers["etag"]
    product.rest("PUT", "/mcp/servers/fp", {"description": "something else"})
    changed = product.rest("GET", "/mcp/servers/fp", headers={"If-None-Match": before})
    assert changed.status_code == 200
    assert changed.headers["etag"] != before
    product.rest("PUT", "/mcp/servers/fp", {"description": None})


def test_a_failure_has_no_tag(product: Product) -> None:
    response = product.rest("GET", "/mcp/servers/nothing", headers={"If-None-Match": "*"})
    assert (response.status_code, response.headers.get("etag")) == (404, None)


def test_a_large_answer_is_compressed_for_who_asks(product: Product) -> None:
    plain = product.rest("GET", "/openapi.json", headers={"Accept-Encoding": "identity"})
    with product.http.stream(
        "GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}
    ) as response:
        raw = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 5
    assert response.headers["etag"] == plain.headers["etag"]
    assert {response.headers["vary"], plain.headers["vary"]} == {"Accept-Encoding"}


@pytest.mark.parametrize("path", [*LISTINGS, "/healthz", "/docs", "/mcp/servers/nothing"])
def test_head_is_get_without_the_body(product: Product, path: str) -> None:
    product.call("fp", "pid")
    got, head = product.rest("GET", path), product.rest("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "etag", "cache-control"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/mcp/servers", "GET, HEAD, OPTIONS, POST"), ("/mcp/tool/call", "OPTIONS, POST")],
)
def test_options_says_what_there_is(product: Product, path: str, allowed: str) -> None:
    response = product.rest("OPTIONS", path)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/packages/upgrade-all"), ("PUT", "/packages/x/rollback"), ("PUT", "/packages/x/cancel"),
     ("DELETE", "/packages/x"), ("PUT", "/mcp/servers/fp/disable"), ("DELETE", "/mcp/servers/fp")],
)  # fmt: skip
def test_a_body_that_a_route_does_not_take_is_refused(
    product: Product, method: str, path: str
) -> None:
    before = stored(product)
    response = product.rest(method, path, {"dryRun": True})
    assert (response.status_code, response.json()) == (
        400,
        {"success": False, "error": "This route takes no body.", "code": "INVALID_INPUT"},
    )
    for body in (b'{"dryRun":', b"[]", b"null", b" "):
        response = product.http.request(method, path, content=body, headers=JSON)
        assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")
    assert stored(product) == before


@pytest.mark.parametrize("content", [None, b"", b"{}", b" { } "])
def test_a_route_that_takes_no_body_takes_an_empty_one(
    product: Product, content: bytes | None
) -> None:
    response = product.http.put("/mcp/servers/fp/enable", content=content, headers=JSON)
    assert (response.status_code, response.json()["success"]) == (200, True)


def test_options_of_an_unknown_route_is_404(product: Product) -> None:
    response = product.rest("OPTIONS", "/nothing/here")
    assert (response.status_code, response.json()["code"]) == (404, "ROUTE_NOT_FOUND")
