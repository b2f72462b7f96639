"""What asks for too much is refused before it costs anything, with the number and the limit."""

import time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from app.resolvers.engine.documents import Refused
from app.resolvers.engine.engine import Engine
from app.resolvers.engine.limits import Limits
from app.resolvers.engine.measure import Measure, Weight, variables_of
from app.resolvers.engine.options import EngineOptions
from app.resolvers.schema import build_engine, build_schema
from tests.resolvers.engine.attacks import ATTACKS, REASONS

WHOLE_INTROSPECTION = get_introspection_query(
    descriptions=True, specified_by_url=True, directive_is_repeatable=True,
    schema_description=True, input_value_deprecation=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_for_what_it_is(name: str, engine: Engine) -> None:
    began = time.thread_time()
    message = refused(engine, ATTACKS[name])
    print(f"{name}: {(time.thread_time() - began) * 1000:.1f} ms")
    assert REASONS[name] in message


def refused(engine: Engine, query: str) -> str:
    """Why the query is refused; empty if it is harmless."""
    try:
        document = engine._documents.get(query)
        for operation in document.operations:
            engine._documents.check_cost(operation, {})
    except Refused as refused:
        return refused.errors[0].message
    return ""


def test_every_attack_has_its_reason() -> None:
    assert REASONS.keys() == ATTACKS.keys()


async def test_a_refusal_has_the_numbers_for_programs_too(engine: Engine) -> None:
    result = await engine.execute(ATTACKS["aliases"])
    (error,) = result.errors or []
    assert error.extensions == {
        "code": "QUERY_TOO_COMPLEX",
        "hint": "Ask for less at once. The limit is set by GRAPHQL_MAX_ALIASES.",
        "found": 80,
        "limit": 30,
    }


def weigh(document: str, **variables: object) -> Weight:
    node = parse(document)
    operation = node.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    schema = build_schema()._schema
    return Measure(schema, node, variables_of(operation, variables)).operation(operation)


@pytest.mark.parametrize(
    ("document", "variables", "weight"),
    [
        ("{ viewer { username } }", {}, Weight(cost=2, depth=2)),
        ("{ servers { nodes { name } } }", {}, Weight(cost=101, depth=3)),
        ("{ servers(first: 3) { nodes { name } } }", {}, Weight(cost=7, depth=3)),
        ("query ($n: Int!) { servers(first: $n) { nodes { name } } }", {"n": 7}, Weight(15, 3)),
        ("query ($n: Int! = 9) { servers(first: $n) { nodes { name } } }", {}, Weight(19, 3)),
        ("{ servers(first: -5) { nodes { name } } }", {}, Weight(cost=3, depth=3)),
        ("{ ...F ...F } fragment F on Query { viewer { username } }", {}, Weight(2, 2)),
        ("{ ... on Query { a: viewer { username } } viewer { username } }", {}, Weight(4, 2, 1)),
        ("{ viewer { username } viewer { username } }", {}, Weight(4, 2, 1)),
        ("{ viewer @skip(if: false) { username @include(if: true) } }", {}, Weight(2, 2, 0, 2)),
        ('{ server(serverName: "a") { sessions { pid } } }', {}, Weight(12, 3)),
    ],
)
def test_an_operation_is_measured(document: str, variables: dict[str, Any], weight: Weight) -> None:
    assert weigh(document, **variables) == weight


def test_a_fragment_bomb_is_measured_in_as_many_steps_as_it_has_words() -> None:
    node = parse(ATTACKS["fragment bomb"])
    measure = Measure(build_schema()._schema, node, {})
    operation = node.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert measure.operation(operation) == Weight(cost=2, depth=2)
    assert len(measure._known) == 2


async def test_what_clients_ask_of_the_schema_itself_is_within_the_limits(engine: Engine) -> None:
    result = await engine.execute(WHOLE_INTROSPECTION)
    assert result.errors is None


async def test_introspection_can_be_switched_off() -> None:
    engine = build_engine(EngineOptions(introspection=False))
    for query in (WHOLE_INTROSPECTION, '{ __type(name: "Server") { name } }'):
        result = await engine.execute(query)
        assert result.data is None
        assert "introspection has been disabled" in (result.errors or [])[0].message
    assert (await engine.execute("{ __typename }")).data == {"__typename": "Query"}


@pytest.mark.parametrize("query", ["{ viewr { username } }", "{ server(servrName: 3) { id } }"])
async def test_suggestions_can_be_switched_off(query: str, engine: Engine) -> None:
    (told, *_) = (await engine.execute(query)).errors or []
    assert "Did you mean" in told.message
    quiet = build_engine(EngineOptions(suggestions=False))
    (silent, *_) = (await quiet.execute(query)).errors or []
    assert "Did you mean" not in silent.message


async def test_the_limits_are_settings() -> None:
    engine = build_engine(EngineOptions(limits=Limits(depth=1)))
    (error,) = (await engine.execute("{ viewer { username } }")).errors or []
    assert error.message == "Fields are nested 2 levels deep; the limit is 1."


async def test_variables_decide_what_a_kept_document_costs(engine: Engine) -> None:
    query = (
        "query ($n: Int!) { servers(first: $n) { nodes { tools(first: $n) { nodes { name } } } } }"
    )
    document = engine._documents.get(query)
    (operation,) = document.operations
    engine._documents.check_cost(operation, {"n": 10})
    with pytest.raises(Refused):
        engine._documents.check_cost(operation, {"n": 500})
