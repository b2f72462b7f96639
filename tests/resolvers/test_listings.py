"""Listings page by key, and everything can be fetched again by its id."""

import pytest

from tests.graphql_documents import SECRETS
from tests.product import Product, code_and_data

PAGES = {
    "servers": ("servers(first: $first, after: $after)", ["a", "b", "c"]),
    "tools": (
        'tools(first: $first, after: $after, serverName: "a")',
        ["crash", "environment", "fingerprint", "leak", "pid", "slow"],
    ),
    "secrets": ('secrets(first: $first, after: $after, username: "pat")', ["k1", "k2", "k3"]),
}
FIELDS = "nodes { id name } edges { cursor node { id } } pageInfo { hasNextPage endCursor }"


@pytest.mark.parametrize("listing", PAGES)
@pytest.mark.parametrize("first", [1, 2, 500])
def test_a_listing_is_the_same_however_it_is_cut(
    product: Product, listing: str, first: int
) -> None:
    field, expected = PAGES[listing]
    if listing == "secrets":
        for name in expected:
            product.set_secret("a", name, "some value", "pat")
    query = f"query ($first: Int!, $after: String) {{ {field} {{ {FIELDS} }} }}"
    names: list[str] = []
    after = None
    for _ in range(len(expected) + 1):
        page = product.graphql(query, first=first, after=after)
        names += [node["name"] for node in page["nodes"]]
        assert [edge["node"]["id"] for edge in page["edges"]] == [n["id"] for n in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == expected


@pytest.mark.parametrize(
    "arguments", ["first: 0", "first: 501", "first: -1", 'after: "x"', 'after: "%%"']
)
@pytest.mark.parametrize("listing", ["servers", "packages", "tools", "secrets"])
def test_a_bad_page_is_the_clients_mistake(product: Product, listing: str, arguments: str) -> None:
    answer = product.post_graphql(f"{{ {listing}({arguments}) {{ nodes {{ id }} }} }}")
    assert code_and_data(answer)[0] == "INVALID_INPUT", answer


def test_every_node_is_found_again_by_its_id(product: Product) -> None:
    product.set_secret("a", "again", "some value", "ann")
    server = product.graphql('{ server(serverName: "a") { id tool(toolName: "pid") { id } } }')
    (secret,) = product.graphql(SECRETS, username="ann")["nodes"]
    for found_id, kind in (
        (server["id"], "Server"), (server["tool"]["id"], "Tool"), (secret["id"], "Secret"),
    ):  # fmt: skip
        node = product.graphql("query ($id: ID!) { node(id: $id) { __typename id } }", id=found_id)
        assert node == {"__typename": kind, "id": found_id}


@pytest.mark.parametrize("bad", ["", "x", "U2VydmVy", "%%%", "a" * 5000])
def test_an_id_that_is_none_finds_nothing_or_is_refused(product: Product, bad: str) -> None:
    answer = product.post_graphql("query ($id: ID!) { node(id: $id) { id } }", id=bad)
    code, data = code_and_data(answer)
    assert data == {"node": None}
    assert code in (None, "INVALID_INPUT")


def test_edges_lead_from_noun_to_noun(product: Product) -> None:
    query = (
        '{ server(serverName: "b") { package { name } tool(toolName: "pid") { server { name } } } }'
    )
    assert product.graphql(query) == {"package": None, "tool": {"server": {"name": "b"}}}


def test_what_is_not_there_is_null_and_no_error(product: Product) -> None:
    assert product.graphql('{ server(serverName: "z") { id } }') is None
    assert product.graphql('{ package(serverName: "z") { id } }') is None
    assert product.graphql('{ package(packageName: "z") { id } }') is None
    answer = product.post_graphql('{ package(packageName: "z", serverName: "z") { id } }')
    assert code_and_data(answer) == ("INVALID_INPUT", {"package": None})


def test_two_servers_at_once_are_refused(product: Product) -> None:
    query = '{ tools(serverName: "a", filter: {serverName: "b"}) { nodes { name } } }'
    assert code_and_data(product.post_graphql(query)) == ("INVALID_INPUT", None)


@pytest.mark.parametrize(
    "field",
    [
        'tools(first: 1, serverName: "a", after: $after)',
        "servers(first: 1, orderBy: {field: CREATED_AT, direction: ASC}, after: $after)",
    ],
)
def test_a_cursor_of_another_listing_or_order_is_refused(product: Product, field: str) -> None:
    cursor = product.graphql("{ servers(first: 1) { pageInfo { endCursor } } }")["pageInfo"]
    query = f"query ($after: String) {{ {field} {{ nodes {{ id }} }} }}"
    answer = product.post_graphql(query, after=cursor["endCursor"])
    assert code_and_data(answer) == ("INVALID_INPUT", None)
