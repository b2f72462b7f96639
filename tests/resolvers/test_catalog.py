"""Resources, prompts and completions through GraphQL."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.product import Product, code_and_data
from tests.subjects import EVERYTHING

LISTINGS = {
    "resources": ["note://a", "note://b", "note://bytes"],
    "resourceTemplates": ["note://{name}"],
    "prompts": ["bare", "greet"],
}
FIELDS = {"resources": "key: uri", "resourceTemplates": "key: uriTemplate", "prompts": "key: name"}
CONTENTS = """query ($uri: String!, $username: String) {
  resourceContents(serverName: "all", uri: $uri, username: $username) {
    parts { uri mimeType text blob } raw
  }
}"""
PROMPT = """query ($name: String!, $arguments: JSON) {
  prompt(serverName: "all", promptName: $name, arguments: $arguments) {
    description messages { role content { __typename ... on TextContent { text } } } raw
  }
}"""
COMPLETION = """query ($input: CompletionInput!) {
  completion(input: $input) { values total hasMore }
}"""


@pytest.fixture(scope="module", autouse=True)
def everything(product: Product) -> Iterator[None]:
    """The server `all`."""
    product.add_server("all", EVERYTHING)
    assert product.call("all", "echo", {"text": "ready"}) == "ready"
    yield
    product.rest("DELETE", "/mcp/servers/all")


def entries(product: Product, listing: str, fields: str) -> Any:
    query = f'{{ server(serverName: "all") {{ {listing} {{ nodes {{ {fields} }} }} }} }}'
    return product.graphql(query)[listing]["nodes"]


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize("first", [1, 500])
def test_a_listing_of_a_server_is_paged(product: Product, listing: str, first: int) -> None:
    page = f"{listing}(first: $first, after: $after)"
    shown = f"nodes {{ {FIELDS[listing]} }} pageInfo {{ hasNextPage endCursor }}"
    query = f"""query ($first: Int!, $after: String) {{
      server(serverName: "all") {{ {page} {{ {shown} }} }}
    }}"""
    found: list[str] = []
    after, has_next = None, True
    while has_next:
        answer = product.graphql(query, first=first, after=after)[listing]
        found += [node["key"] for node in answer["nodes"]]
        after, has_next = answer["pageInfo"]["endCursor"], answer["pageInfo"]["hasNextPage"]
    assert found == LISTINGS[listing]


def test_a_resource_is_shown_with_all_the_server_said(product: Product) -> None:
    fields = "uri name title description mimeType raw serverName server { name }"
    a, b, unnamed = entries(product, "resources", fields)
    assert (a["title"], a["description"].split()[0], a["mimeType"]) == ("A", "process", None)
    assert b == {
        "uri": "note://b", "name": "b", "title": None, "description": None,
        "mimeType": "text/plain", "serverName": "all", "server": {"name": "all"},
        "raw": {"uri": "note://b", "name": "b", "mimeType": "text/plain", "x-vendor": {"kept": [1]}},
    }  # fmt: skip
    assert unnamed["name"] == "note://bytes"


def test_a_prompt_is_shown_with_its_arguments(product: Product) -> None:
    fields = "name title description arguments { name title description required }"
    bare, greet = entries(product, "prompts", fields)
    assert bare == {"name": "bare", "title": None, "description": None, "arguments": []}
    assert (greet["title"], greet["description"]) == ("Greet", "A greeting.")
    assert greet["arguments"] == [
        {"name": "name", "title": None, "description": "Whom.", "required": True},
        {"name": "how", "title": None, "description": None, "required": False},
    ]


def test_every_entry_is_found_again_by_its_id(product: Product) -> None:
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    for listing, kind in (
        ("resources", "Resource"), ("resourceTemplates", "ResourceTemplate"), ("prompts", "Prompt"),
    ):  # fmt: skip
        for entry in entries(product, listing, "id"):
            found = product.graphql(query, id=entry["id"])
            assert found == {"__typename": kind, "id": entry["id"]}
    query_b = '{ server(serverName: "b") { resources { nodes { id } } } }'
    assert product.graphql(query_b) == {"resources": {"nodes": []}}


def test_what_a_resource_holds_is_a_text_or_bytes(product: Product) -> None:
    text = {"uri": "note://a", "mimeType": "text/plain", "text": "the note a"}
    assert product.graphql(CONTENTS, uri="note://a") == {
        "parts": [{**text, "blob": None}], "raw": {"contents": [text], "x-vendor": 1},
    }  # fmt: skip
    (part,) = product.graphql(CONTENTS, uri="note://bytes")["parts"]
    assert part == {"uri": "note://bytes", "mimeType": "image/png", "text": None, "blob": "AAEC"}


def test_a_users_secret_does_not_come_out_of_a_resource(product: Product) -> None:
    product.set_secret("all", "key", "the note b", "ann")
    texts = [
        product.graphql(CONTENTS, uri="note://b", username=username)["parts"][0]["text"]
        for username in ("ann", None)
    ]
    assert texts == ["[secret]", "the note b"]


def test_a_prompt_is_filled_in(product: Product) -> None:
    answer = product.graphql(PROMPT, name="greet", arguments={"name": "Ada"})
    message = {"role": "user", "content": {"type": "text", "text": "Say hello to Ada."}}
    text = {"__typename": "TextContent", "text": "Say hello to Ada."}
    assert answer["description"] == "A greeting."
    assert answer["messages"] == [{"role": "USER", "content": text}]
    assert answer["raw"] == {"description": "A greeting.", "messages": [message]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", {"values": ["ada", "albert"], "total": 3, "hasMore": True}),
        ("b", {"values": ["bob"], "total": 1, "hasMore": False}),
        ("z", {"values": [], "total": 0, "hasMore": False}),
    ],
)
@pytest.mark.parametrize("ref", [{"prompt": "greet"}, {"resourceTemplate": "note://{name}"}])
def test_a_value_is_completed(product: Product, ref: object, value: str, expected: object) -> None:
    asked = {"serverName": "all", "ref": ref, "argument": "name", "value": value}
    assert product.graphql(COMPLETION, input={**asked, "context": {"how": "x"}}) == expected


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        (CONTENTS, {"uri": "note://z"}, "SERVER_FAILED"),
        (CONTENTS, {"uri": "a\0b"}, "INVALID_INPUT"),
        (CONTENTS, {"uri": "note://a", "username": " "}, "INVALID_INPUT"),
        (CONTENTS.replace('"all"', '"z"'), {"uri": "note://a"}, "SERVER_NOT_FOUND"),
        (PROMPT, {"name": "none"}, "SERVER_FAILED"),
        (PROMPT, {"name": "greet", "arguments": {"name": 3}}, "INVALID_INPUT"),
        (PROMPT, {"name": "greet", "arguments": [1]}, "INVALID_INPUT"),
        (COMPLETION, {"input": {"serverName": "all", "ref": {}, "argument": "a", "value": ""}},
         "INVALID_INPUT"),
        (COMPLETION, {"input": {"serverName": "all", "argument": "a", "value": "",
         "ref": {"prompt": "greet", "resourceTemplate": "x"}}}, "INVALID_INPUT"),
        (COMPLETION, {"input": {"serverName": "all", "argument": "a", "value": "",
         "ref": {"prompt": "greet"}, "context": {"how": 3}}}, "INVALID_INPUT"),
        ('{ server(serverName: "all") { resources(first: 0) { nodes { id } } } }', {}, "INVALID_INPUT"),
        ('{ server(serverName: "all") { prompts(after: "%%") { nodes { id } } } }', {}, "INVALID_INPUT"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_an_error_with_its_code(
    product: Product, query: str, variables: dict[str, object], code: str
) -> None:
    answer = product.post_graphql(query, **variables)
    assert code_and_data(answer)[0] == code, answer
