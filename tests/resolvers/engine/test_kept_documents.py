"""Documents are checked once; those that may hold a secret are not kept at all."""

import pytest

from app.resolvers.engine import documents
from app.resolvers.engine.documents import Documents
from app.resolvers.engine.limits import Limits
from app.resolvers.engine.scan import Scan, scan
from app.resolvers.schema import build_schema


@pytest.fixture
def checked() -> Documents:
    schema = build_schema()._schema
    return Documents(schema, Limits(), introspection=True, suggestions=True)


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { username } }",
        "{ servers(first: 3) { nodes { name } } }",
        "mutation ($i: SetSecretInput!) { setSecret(input: $i) { __typename } }",
    ],
)
def test_a_document_without_values_is_checked_once(checked: Documents, query: str) -> None:
    assert checked.get(query) is checked.get(query)


@pytest.mark.parametrize(
    "query",
    [
        'mutation { setSecret(input: {serverName: "a", name: "n", value: "v"}) { __typename } }',
        'mutation { setSecret(input: {serverName: "a", name: "n", value: """v"""}) { __typename } }',
        (
            "mutation ($s: String!) { callTool(input: {serverName: $s, toolName: $s, "
            "arguments: {pin: 4711}}) { __typename } }"
        ),
        (
            "subscription ($s: String!) { toolCall(input: {serverName: $s, toolName: $s, "
            "arguments: {pin: 0.4711}}) { __typename } }"
        ),
        '{ server(serverName: "a") { name } }',
        "{ viewer { username } } # a secret in a comment",
    ],
)
def test_a_document_that_may_hold_a_secret_is_not_kept(checked: Documents, query: str) -> None:
    assert checked.get(query) is not checked.get(query)
    assert not checked._kept


def test_what_is_kept_is_bounded(checked: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "KEPT_CHARACTERS", 100)
    queries = [f"query Q{i} {{ viewer {{ username }} }}" for i in range(9)]
    for query in queries:
        checked.get(query)
    assert len(checked._kept) == 3
    assert checked._kept_characters == 3 * len(queries[0])
    last = checked.get(queries[-1])
    assert checked.get(queries[-1]) is last


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Scan(0, False, False)),
        ("{ a(b: 3) }", Scan(8, False, True)),
        ('{ a(b: "x\\"y") }', Scan(8, True, False)),
        ('"""a "quoted" \\""" text""" {', Scan(2, True, False)),
        ('"', Scan(1, True, False)),
        ("# a comment\n{ ...F }", Scan(5, True, False)),
        ("query Q1 { a1 }", Scan(5, False, False)),
        ("{ a(b: -1.5e3) }", Scan(8, False, True)),
    ],
)
def test_a_text_is_scanned(text: str, found: Scan) -> None:
    assert scan(text) == found
