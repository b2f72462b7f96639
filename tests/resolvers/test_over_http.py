"""GraphQL over HTTP: what is no request gets a clear 4xx, and nothing runs."""

from typing import Any

import pytest

from tests.product import JSON, Product

VIEWER = "{ viewer { username } }"
NEW_TYPE = "application/graphql-response+json"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"3", b"null", b'"text"', b"[]", b"[1]", b"{}", b'{"query": 3}',
        b'{"query": ""}', b'{"query": "{"}', b'{"query": "{ nothing }"}',
        b'{"query": "{ viewer { username } }", "variables": 3}',
        b'{"query": "{ viewer { username } }", "operationName": 3}',
        b'{"query": "{ viewer { username } }", "operationName": "X"}',
        b'{"query": "query A { viewer { username } } query B { viewer { username } }"}',
        b'{"query": "subscription { packageProgress { message } }"}',
        b'{"query": "\xff"}',
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(product: Product, body: bytes) -> None:
    headers = {**JSON, "Accept": NEW_TYPE}
    response = product.http.post("/graphql", content=body, headers=headers)
    assert response.status_code == 400, response.text
    answer = response.json()
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert "Traceback" not in response.text


def test_the_older_media_type_answers_200_where_the_request_was_well_formed(
    product: Product,
) -> None:
    response = product.rest("POST", "/graphql", {"query": "{ nothing }"})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert "data" not in response.json()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (NEW_TYPE, NEW_TYPE), ("application/json", "application/json"), ("*/*", "application/json"),
        (f"application/json;q=0.5, {NEW_TYPE}", NEW_TYPE), ("text/plain", "application/json"),
        (f"{NEW_TYPE};q=0, application/json", "application/json"), (";;,,", "application/json"),
    ],
)  # fmt: skip
def test_the_media_type_is_negotiated(product: Product, accept: str, kind: str) -> None:
    headers = {**JSON, "Accept": accept}
    response = product.rest("POST", "/graphql", {"query": VIEWER}, headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == kind
    assert response.json() == {"data": {"viewer": {"username": "default"}}}


def test_queries_may_come_by_get_and_mutations_may_not(product: Product) -> None:
    ok = product.http.get("/graphql", params={"query": VIEWER})
    assert ok.json() == {"data": {"viewer": {"username": "default"}}}
    mutation = 'mutation { deleteServer(input: {serverName: "a"}) { __typename } }'
    refused = product.http.get("/graphql", params={"query": mutation})
    assert refused.status_code in (400, 405)
    assert product.graphql('{ server(serverName: "a") { name } }') == {"name": "a"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_405_with_allow(product: Product, method: str) -> None:
    response = product.rest(method, "/graphql", {})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_types_that_another_site_can_send_are_refused(product: Product, kind: str) -> None:
    body = '{"query": "mutation { deleteServer(input: {serverName: \\"a\\"}) { __typename } }"}'
    response = product.http.post("/graphql", content=body, headers={"Content-Type": kind})
    assert response.status_code == 415
    assert response.json() == {
        "errors": [
            {
                "message": "The body must be JSON.",
                "extensions": {
                    "code": "UNSUPPORTED_MEDIA_TYPE",
                    "hint": "Send it with the header Content-Type: application/json.",
                },
            }
        ]
    }
    assert product.graphql('{ server(serverName: "a") { name } }') == {"name": "a"}


@pytest.mark.parametrize("path", ["/graphql", "/graphql/tools"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"query": ', "The body is not valid JSON (at character 10)."),
        (b"", "The body is not valid JSON (at character 0)."),
        (b'{"query": "\xff"}', "The body is not valid UTF-8."),
        (b'{"query": "{ a }", "query": "{ b }"}', "The field 'query' is given twice; give it once."),
        (b'{"variables": ' + b'{"a":' * 250 + b"1" + b"}" * 250 + b"}",
         "The body is nested more than 250 levels deep."),
        (b'{"variables": {"n": ' + b"9" * 15_000 + b"}}",
         "The body has a number that is too large (at character 20)."),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(
    product: Product, body: bytes, reason: str, path: str
) -> None:
    response = product.http.post(path, content=body, headers=JSON)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == (reason, "INVALID_INPUT")


def test_what_to_do_about_an_unreadable_body_is_said(product: Product) -> None:
    response = product.http.post("/graphql", content=b"{", headers=JSON)
    (error,) = response.json()["errors"]
    assert error["extensions"]["hint"].startswith("Send a JSON object")


def test_parameters_that_are_no_json_are_refused_by_name(product: Product) -> None:
    response = product.http.get("/graphql", params={"query": VIEWER, "variables": "{"})
    (error,) = response.json()["errors"]
    assert error["message"] == "The parameters variables and extensions must be JSON objects."


def test_a_body_that_is_too_large_is_refused_as_graphql(product: Product) -> None:
    response = product.http.post("/graphql", content=b" " * 6_291_457, headers=JSON)
    assert response.status_code == 413
    (error,) = response.json()["errors"]
    assert error == {
        "message": "The body is larger than 6291456 bytes.",
        "extensions": {
            "code": "PAYLOAD_TOO_LARGE",
            "hint": "Send less, or raise PAYLOAD_LIMIT.",
        },
    }


@pytest.mark.parametrize("number", ["9" * 15_000, "-" + "9" * 15_000, "1e400"])
def test_a_number_beyond_all_numbers_is_refused_wherever_it_stands(
    product: Product, number: str
) -> None:
    call = 'callTool(input: {serverName: "a", toolName: "pid", arguments: {a: %s}})'
    for query in (
        "{ servers(first: %s) { nodes { id } } }",
        f"mutation {{ {call} {{ __typename }} }}",
        "query ($n: JSON = %s) { viewer { username } }",
    ):
        (error,) = product.post_graphql(query % number)["errors"]
        assert error["message"] == "The document has a number that is too large."
        assert error["extensions"]["hint"].startswith("Send numbers of up to 1.7e308")


def test_a_browser_gets_the_page_and_a_script_does_not(product: Product) -> None:
    page = product.http.get("/graphql", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert product.http.get("/graphql").status_code == 400


CALL = """mutation ($input: CallToolInput!) {
  callTool(input: $input) { __typename ... on ToolResult { isError text } ... on Error { code } }
}"""
REFUSED = {"__typename": "InvalidInputError", "code": "INVALID_INPUT"}


@pytest.mark.parametrize("arguments", [3, "text", [1], True], ids=["int", "text", "list", "bool"])
def test_arguments_that_no_tool_can_take_are_refused(product: Product, arguments: object) -> None:
    call = {"serverName": "a", "toolName": "pid", "arguments": arguments}
    assert product.graphql(CALL, input=call) == REFUSED


def test_arguments_that_are_nested_too_deep_are_not_sent(product: Product) -> None:
    arguments: dict[str, Any] = {"deep": None}
    for _ in range(240):
        arguments = {"deep": arguments}
    body = {"serverName": "a", "toolName": "pid", "arguments": arguments}
    checked = post(product, body)
    assert (checked["__typename"], checked["isError"]) == ("ToolResult", True)
    assert checked["text"].endswith("they are nested more than 100 levels deep.")


def post(product: Product, call: object) -> Any:
    """The result of a call that the test's own JSON library would not write."""
    body = {"query": CALL, "variables": {"input": call}}
    return product.http.post("/graphql", json=body).json()["data"]["callTool"]
