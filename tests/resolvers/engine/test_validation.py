"""The quick walk finds what graphql-core's own `validate` finds, word for word."""

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, parse
from graphql import validate as validate_by_core
from hypothesis import given, settings
from hypothesis import strategies as st

from app.resolvers.engine.documents import MOST_ERRORS, Documents
from app.resolvers.engine.limits import Limits
from app.resolvers.engine.validation import validate
from app.resolvers.schema import build_schema
from tests import graphql_documents
from tests.resolvers.engine.attacks import ATTACKS

SCHEMA = build_schema()._schema
RULES = Documents(SCHEMA, Limits(), introspection=False, suggestions=True)._rules
WRONG = {
    "an unused variable": "query ($a: Int, $b: Int) { servers(first: $a) { nodes { id } } }",
    "an unknown variable": "{ servers(first: $a) { nodes { id } } }",
    "a variable in a fragment": "query ($a: Int) { ...F } "
    "fragment F on Query { servers(first: $a) { nodes { id } } s: servers(after: $a) { nodes { id } } }",
    "a variable of the wrong type": "query ($a: String) { servers(first: $a) { nodes { id } } }",
    "a variable of no type": "query ($a: Nothing = 3, $b: Server) { viewer { username } }",
    "a value of the wrong type": '{ servers(first: "x", after: 3) { nodes { id } } }',
    "no value": "mutation { setSecret(input: {serverName: null, vale: 3}) { __typename } }",
    "an unknown enum value": 'mutation { addServer(input: {serverName: "a", transport: STDOI}) '
    "{ __typename } }",
    "a missing argument": "{ server { id } node { id } }",
    "an argument twice": '{ server(serverName: "a", serverName: "b") { id } }',
    "a field twice": 'mutation { setSecret(input: {name: "a", name: "b"}) { __typename } }',
    "a conflict": '{ a: server(serverName: "a") { id } a: server(serverName: "b") { name } }',
    "a conflict in fragments": "{ servers { nodes { ...A ...B } } } "
    "fragment A on Server { x: name } fragment B on Server { x: id }",
    "a leaf with fields": "{ viewer { username { length } } }",
    "an object without": "{ viewer servers { nodes } }",
    "a fragment that fits nowhere": "{ viewer { ...F ... on Server { id } } } fragment F on Tool { id }",
    "a fragment nobody uses": "{ viewer { username } } fragment F on Server { id }",
    "a fragment twice": "{ ...F } fragment F on Query { __typename } fragment F on Query { viewer { username } }",
    "a fragment of a leaf": "{ ...F } fragment F on String { length }",
    "operations of one name": "query A { __typename } query A { __typename } { __typename }",
    "a directive elsewhere": "query @skip(if: true) { viewer @deprecated @include { username } }",
    "a directive twice": "{ viewer @skip(if: true) @skip(if: false) { username } }",
    "introspection": "{ __schema { types { name } } }",
    "two fields to subscribe to": "subscription { serverChanged { serverName } sessionChanged { id } }",
    "more than one of": '{ completion(input: {serverName: "a", argument: "b", value: "c", '
    'ref: {prompt: "p", resourceTemplate: "t"}}) { values } }',
    "a null where it may be left out": 'mutation { updateServer(input: {serverName: "a", args: null}) '
    "{ __typename } }",
    "definitions that are none": "type A { b: Int } { viewer { username } }",
    "nothing at all of a type": "{ ... { ... @include(if: true) { viewer { username } } } }",
}
RIGHT = {
    name: text
    for name, text in vars(graphql_documents).items()
    if isinstance(text, str)
    and text.lstrip().startswith(("query", "mutation", "subscription", "{"))
}


def told(errors: list[GraphQLError]) -> list[object]:
    """What a client is told of errors."""
    return [(error.message, error.locations, error.extensions) for error in errors]


def check(text: str, *, hides: bool = False) -> None:
    """Both walks tell the same of the document."""
    document = parse(text)
    ours = validate(SCHEMA, document, RULES, MOST_ERRORS, hide_suggestions=hides)
    core = validate_by_core(SCHEMA, document, RULES, MOST_ERRORS, hide_suggestions=hides)
    assert told(ours) == told(core)


@pytest.mark.parametrize("name", [*WRONG, *RIGHT])
def test_both_walks_tell_the_same(name: str) -> None:
    text = {**WRONG, **RIGHT}[name]
    check(text)
    check(text, hides=True)


@pytest.mark.parametrize("name", ATTACKS)
def test_both_walks_tell_the_same_of_an_attack(name: str) -> None:
    try:
        parse(ATTACKS[name])
    except GraphQLSyntaxError:
        return
    check(ATTACKS[name])


FIELDS = st.sampled_from(
    [
        "id", "name", "nodes", "servers", "tools", "server", "viewer", "username", "__typename",
        'server(serverName: "a")', "tools(first: $a)", "servers(first: $b, after: 1)", "x: name",
        "x: id", "...F", "...G", "... on Server", "... on Query @skip(if: $c)", "nothing",
    ]
)  # fmt: skip
SELECTIONS = st.recursive(
    FIELDS,
    lambda inner: st.builds(
        lambda field, fields: field + " { " + " ".join(fields) + " }",
        FIELDS,
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SELECTIONS, min_size=1, max_size=4), SELECTIONS, SELECTIONS)
def test_both_walks_tell_the_same_of_anything(fields: list[str], f: str, g: str) -> None:
    text = (
        f"query ($a: Int, $b: String, $d: Boolean!) {{ {' '.join(fields)} }} "
        f"fragment F on Server {{ {f} }} fragment G on Query {{ {g} ...F }}"
    )
    try:
        parse(text)
    except GraphQLSyntaxError:
        return
    check(text)
