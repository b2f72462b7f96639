"""A route for each tool, and the OpenAPI documents that tell agents of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.product import Product
from tests.subjects import EVERYTHING, SERVERS

SUBJECT = SERVERS / "tools.py"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("t")).start()
    product.add_server("all", EVERYTHING)
    product.add_server("t", SUBJECT)
    assert product.call("all", "echo", {"text": "x"}) == "x"
    assert product.call("t", "text", {}) == "plain words"
    yield product
    product.stop()


def document(product: Product, path: str) -> dict[str, Any]:
    found: dict[str, Any] = product.rest("GET", path).json()
    return found


@pytest.mark.parametrize(
    ("tool", "output"),
    [
        ("text", "plain words"),
        ("json", {"a": [1, 2]}),
        ("number", 42),
        ("structured", {"city": "Bern", "degrees": 21}),
        ("several", ["one", {"two": 2}]),
        ("nothing", []),
        ("picture", "data:image/png;base64,iVBORw0KGgo="),
        ("link", {"type": "resource_link", "uri": "note://a", "name": "a"}),
        ("with/slash", "with/slash"),
        ("with%2Fslash", "with/slash"),
        ("gr%C3%BCezi", "grüezi"),
    ],
)
def test_the_answer_is_the_tools_output(product: Product, tool: str, output: object) -> None:
    response = product.rest("POST", f"/tools/t/{tool}", {})
    assert (response.status_code, response.json()) == (200, output)


def test_the_body_is_the_arguments(product: Product) -> None:
    response = product.rest("POST", "/tools/all/echo", {"text": "grüezi"})
    assert (response.status_code, response.json()) == (200, "grüezi")


@pytest.mark.parametrize(
    ("path", "body", "expected", "error"),
    [
        ("all/echo", {"text": 3}, (400, "INVALID_INPUT"), "The arguments do not fit the tool's input schema: /text must be of type string."),
        ("all/echo", {}, (400, "INVALID_INPUT"), "The arguments do not fit the tool's input schema: /text is required."),
        ("all/echo", [], (400, "INVALID_INPUT"), "The body must be a JSON object."),
        ("t/fails", {}, (502, "SERVER_FAILED"), "it is raining"),
        ("t/none", {}, (404, "TOOL_NOT_FOUND"), None),
        ("none/echo", {}, (404, "SERVER_NOT_FOUND"), None),
        ("all/echo?usernmae=x", {"text": "x"}, (400, "INVALID_INPUT"), "'usernmae' is not a parameter of this route. It knows timeout, username."),
        ("all/echo?username=", {"text": "x"}, (400, "INVALID_INPUT"), None),
        ("all/wait?timeout=200", {}, (504, "TOOL_TIMEOUT"), None),
    ],
)  # fmt: skip
def test_a_call_without_an_output_is_a_failure(
    product: Product, path: str, body: object, expected: tuple[int, str], error: str | None
) -> None:
    response = product.rest("POST", f"/tools/{path}", body)
    answer = response.json()
    assert (response.status_code, answer["code"]) == expected
    assert error in (None, answer["error"])


def test_a_users_secrets_fill_arguments_here_too(product: Product) -> None:
    product.set_secret("all", "text", "only alice's words", "alice")
    response = product.rest("POST", "/tools/all/echo?username=alice", {})
    assert response.json() == "[secret]"


def test_the_document_of_a_server_has_an_operation_for_each_tool(product: Product) -> None:
    found = document(product, "/tools/all/openapi.json")
    assert found["openapi"] == "3.1.1"
    assert found["servers"] == [{"url": "/tools/all"}]
    assert set(found["paths"]) == {"/count", "/echo", "/grow", "/wait"}
    echo = found["paths"]["/echo"]["post"]
    assert echo["operationId"] == "all__echo"
    reference = echo["requestBody"]["content"]["application/json"]["schema"]
    assert reference == {"$ref": "#/components/schemas/all__echo.input"}
    assert found["components"]["schemas"]["all__echo.input"] == {
        "type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"],
    }  # fmt: skip


def test_the_document_of_all_has_every_tool(product: Product) -> None:
    found = document(product, "/tools/openapi.json")
    assert found["servers"] == [{"url": "/tools"}]
    assert {"/all/echo", "/t/structured", "/t/with%2Fslash"} < set(found["paths"])
    ids = [operation["post"]["operationId"] for operation in found["paths"].values()]
    assert len(set(ids)) == len(ids)


def test_a_tool_named_like_the_document_is_called_by_the_other_route(product: Product) -> None:
    assert product.call_rest("t", "openapi.json") == "no document"
    refused = product.rest("POST", "/tools/t/openapi.json", {})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert "/openapi.json" not in document(product, "/tools/t/openapi.json")["paths"]


def test_an_output_schema_is_the_answers(product: Product) -> None:
    found = document(product, "/tools/t/openapi.json")
    answer = found["paths"]["/structured"]["post"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/t__structured.output"}
    shown = found["components"]["schemas"]["t__structured.output"]
    assert shown["properties"]["city"] == {
        "$ref": "#/components/schemas/t__structured.output/$defs/City"
    }


def test_a_disabled_servers_tools_are_not_in_the_document_of_all(product: Product) -> None:
    product.rest("PUT", "/mcp/servers/t/disable")
    assert not any(
        path.startswith("/t/") for path in document(product, "/tools/openapi.json")["paths"]
    )
    refused = product.rest("POST", "/tools/t/text", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "SERVER_DISABLED")
    product.rest("PUT", "/mcp/servers/t/enable")


def test_an_unknown_server_has_no_document(product: Product) -> None:
    response = product.rest("GET", "/tools/nothing/openapi.json")
    assert (response.status_code, response.json()["code"]) == (404, "SERVER_NOT_FOUND")
