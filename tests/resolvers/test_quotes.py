"""What a client sends wrongly is not quoted back: it may be a secret in the wrong place."""

import pytest

from tests.product import Product

PLANTED = "PLANTED-SECRET-7f3a9c"
SET = "mutation ($input: SetSecretInput!) { setSecret(input: $input) { __typename } }"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($v: String!) { server(serverName: $v) { id } }", {"v": {"x": PLANTED}}),
        ("query ($v: Int!) { servers(first: $v) { nodes { id } } }", {"v": PLANTED}),
        (SET, {"input": {"serverName": "a", "name": "n", "valeu": PLANTED}}),
        (SET, {"input": {"serverName": 3, "name": "n", "value": PLANTED}}),
        (SET, {"input": PLANTED}),
        (SET, {"input": [PLANTED]}),
        ('mutation { setSecret(input: {serverName: "a", name: "n", valeu: "%s"}) { __typename } }', {}),
        ('mutation { setSecret(input: "%s") { __typename } }', {}),
        ('mutation { setSecret("%s") { __typename } }', {}),
        ('mutation { installPackage(input: {packageName: "x", serverName: "y", runtime: "%s"}) { __typename } }', {}),
        ('{ servers(first: "%s") { nodes { id } } }', {}),
        ('{ viewer { username } } "%s"', {}),
    ],
)  # fmt: skip
def test_a_refused_input_is_not_quoted(
    product: Product, query: str, variables: dict[str, object]
) -> None:
    document = query.replace("%s", PLANTED)
    response = product.rest("POST", "/graphql", {"query": document, "variables": variables})
    assert PLANTED not in response.text
    (error, *_) = response.json()["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert error["message"].endswith((".", "?", '"')), error["message"]
    assert PLANTED not in product.output()


def test_a_null_that_may_only_be_left_out_is_named(product: Product) -> None:
    for field in ("isolation", "args", "callTimeoutSeconds"):
        document = f'mutation {{ updateServer(input: {{serverName: "a", {field}: null}}) {{ __typename }} }}'
        response = product.rest("POST", "/graphql", {"query": document})
        (error, *_) = response.json()["errors"]
        expected = f"{field} must not be null; leave it out to keep what is there."
        assert error["message"] == expected
