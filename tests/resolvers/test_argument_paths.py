"""A refusal's `path` is the name that the client sent: wherever a server is meant, `serverName`."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from app.resolvers.schema import build_schema
from tests.product import Product

SCHEMA = build_schema()._schema
MALFORMED = "no/such name"
VALUES = {
    "String": '"x"', "ID": '"x"', "Int": "1", "Float": "1", "Boolean": "true", "JSON": "{}",
    "CompletionRef": '{prompt: "x"}',
}  # fmt: skip


def sample(name: str, given: GraphQLArgument | GraphQLInputField) -> str:
    """A literal for it, which is good but for the name of a server."""
    if name == "serverName":
        return f'"{MALFORMED}"'
    kind = get_named_type(given.type)
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    if isinstance(kind, GraphQLInputObjectType) and kind.name not in VALUES:
        fields = kind.fields.items()
        asked = {n: f for n, f in fields if n == "serverName" or is_required_input_field(f)}
        return "{" + ", ".join(f"{n}: {sample(n, f)}" for n, f in asked.items()) + "}"
    return VALUES[kind.name]


def names_server(field: GraphQLField) -> bool:
    """Whether it has an argument, or its only input a field, of that name."""
    if "serverName" in field.args:
        return True
    input_type = get_named_type(field.args["input"].type) if "input" in field.args else None
    return isinstance(input_type, GraphQLInputObjectType) and "serverName" in input_type.fields


def operations() -> Iterator[tuple[str, str]]:
    """Each field of Query and Mutation that names a server, and an operation that asks for it."""
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            if names_server(field):
                shown = "" if root is SCHEMA.query_type else "... on Error { code path }"
                selection = f"{{ __typename {shown} }}"
                yield name, f"{root.name.lower()} {{ {name}({arguments(field)}) {selection} }}"


def arguments(field: GraphQLField) -> str:
    """Those that are needed, and the name."""
    return ", ".join(
        f"{name}: {sample(name, argument)}"
        for name, argument in field.args.items()
        if name == "serverName" or is_required_argument(argument)
    )


@pytest.mark.parametrize(("name", "operation"), [*operations()], ids=[n for n, _ in operations()])
def test_a_malformed_server_name_is_refused_by_the_arguments_name(
    name: str, operation: str, product: Product
) -> None:
    answer = product.post_graphql(operation)
    refused = answer["errors"][0]["extensions"] if "errors" in answer else answer["data"][name]
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["serverName"])
