"""The schema keeps its own rules."""

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
)

from app.domain.errors import ErrorCode
from app.edge.status import HTTP_STATUS
from app.resolvers.schema import build_schema
from app.resolvers.types.error import ERROR_TYPES


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema()._schema


def test_every_type_field_argument_and_input_is_described(schema: GraphQLSchema) -> None:
    silent: list[str] = []
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            silent.append(name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                silent += [f"{name}.{field_name}"] * (not field.description)
                silent += [
                    f"{name}.{field_name}({argument_name})"
                    for argument_name, argument in field.args.items()
                    if not argument.description
                ]
        if isinstance(kind, GraphQLInputObjectType):
            silent += [f"{name}.{f}" for f, field in kind.fields.items() if not field.description]
    assert silent == []


# Where a `name` is the thing's own, not a reference to something that is there already.
OWN_NAMES = {
    "CreateTokenInput", "DeleteSecretInput", "RenamedToolInput", "SecretBindingInput",
    "SetSecretInput",
}  # fmt: skip
NAMED_TYPES = {
    "Package", "PlannedSecret", "Prompt", "PromptArgument", "RenamedTool", "Resource", "ResourceLink",
    "ResourceTemplate", "Secret", "SecretBinding", "Server", "Token", "Tool",
    "ToolChange",
}  # fmt: skip


def test_what_refers_to_something_by_name_says_to_what(schema: GraphQLSchema) -> None:
    arguments: set[str] = set()
    inputs: set[str] = set()
    types: set[str] = set()
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLInputObjectType):
            inputs |= {name} if "name" in kind.fields else set()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            types |= {name} if "name" in kind.fields else set()
            arguments |= {f"{name}.{f}" for f, field in kind.fields.items() if "name" in field.args}
    assert arguments == set()
    assert inputs == OWN_NAMES
    assert types == NAMED_TYPES


def test_every_mutation_takes_one_input_and_returns_a_result_or_typed_errors(
    schema: GraphQLSchema,
) -> None:
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        if name == "upgradeAllPackages":  # the next test's
            continue
        assert [*field.args] == ["input"], name
        union = field.type.of_type
        assert isinstance(union, GraphQLUnionType), name
        errors = [t for t in union.types if "Error" in [i.name for i in t.interfaces]]
        assert len(errors) == len(union.types) - 1, name
        assert {"InvalidInputError", "UnavailableError"} <= {t.name for t in errors}, name


def test_upgrading_all_gives_one_outcome_each_with_a_typed_error(schema: GraphQLSchema) -> None:
    assert schema.mutation_type is not None
    field = schema.mutation_type.fields["upgradeAllPackages"]
    assert ([*field.args], str(field.type)) == ([], "[PackageUpgradeOutcome!]!")
    outcome = schema.type_map["PackageUpgradeOutcome"]
    assert isinstance(outcome, GraphQLObjectType)
    fields = {name: str(field.type) for name, field in outcome.fields.items()}
    assert fields == {"serverName": "String!", "upgraded": "UpgradedPackage", "error": "Error"}


def test_no_field_can_give_a_secrets_value(schema: GraphQLSchema) -> None:
    secret = schema.type_map["Secret"]
    assert isinstance(secret, GraphQLObjectType)
    assert set(secret.fields) == {
        "id", "name", "serverName", "server", "username", "shared", "delivery", "keyId",
        "createdAt", "updatedAt", "lastUsedAt",
    }  # fmt: skip


def test_every_error_code_has_a_status_a_type_and_a_place_in_the_enum(
    schema: GraphQLSchema,
) -> None:
    codes = schema.type_map["ErrorCode"]
    assert isinstance(codes, GraphQLEnumType)
    assert set(codes.values) == {code.name for code in ErrorCode}
    assert set(HTTP_STATUS) == set(ErrorCode)
    assert set(ERROR_TYPES) == set(ErrorCode)


def test_every_value_of_an_enum_says_what_it_means(schema: GraphQLSchema) -> None:
    silent = [
        f"{name}.{value}"
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLEnumType) and not name.startswith("__")
        for value, found in kind.values.items()
        if not found.description
    ]
    assert silent == []
