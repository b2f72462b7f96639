"""Variables and arguments: the same values and errors as by the stock executor, run after run."""

import copy
import math
from datetime import datetime
from random import Random
from typing import Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse
from graphql.execution import Executor
from graphql.execution.values import get_variable_values
from strawberry.scalars import JSON

from app.resolvers.engine.engine import Engine
from app.resolvers.engine.options import EngineOptions
from app.resolvers.engine.quick_values import QuickVariables
from tests.resolvers.engine.inputs import Colour, Inner
from tests.resolvers.engine.test_executor import told


@strawberry.input(one_of=True)
class Either:
    left: strawberry.Maybe[str]
    right: strawberry.Maybe[int]


@strawberry.input
class Outer:
    number: int = 7
    real: float | None = None
    flag: bool | None = None
    at: datetime | None = None
    id: strawberry.ID | None = None
    texts: list[str] | None = None
    grid: list[list[int] | None] = strawberry.field(default_factory=list)
    inners: list[Inner] | None = None
    perhaps: strawberry.Maybe[str | None]
    either: Either | None = None
    other: bool = strawberry.field(name="otherName", default=False)


@strawberry.type
class Query:
    @strawberry.field
    def told(
        self,
        given: Outer | None = None,
        times: int = 1,
        colour: Colour = Colour.RED,
        maybe: int | None = 3,
    ) -> str:
        return f"{given!r} {times} {colour!r} {maybe}"

    @strawberry.field
    def needs(self, number: int, texts: list[str], free: JSON | None = None) -> str:
        return f"{number} {texts!r} {free!r}"

    @strawberry.field
    def inner(self, inner: Inner) -> str | None:
        return repr(inner)


SCHEMA = strawberry.Schema(Query)._schema
TOLD = "query ($given: Outer, $times: Int! = 2, $colour: Colour! = BLUE, $maybe: Int) { told("
GIVEN: list[dict[str, Any]] = [
    {},
    {"given": None},
    {"given": {}},
    {"given": 1},
    {"given": {"unknown": 1}},
    {"given": {"number": 1, "real": 2, "flag": True, "at": "2026-01-02T03:04:05Z", "id": "i"}},
    {"given": {"number": "1"}},
    {"given": {"number": True}},
    {"given": {"number": 2**31}},
    {"given": {"number": None}},
    {"given": {"real": "x", "flag": 1, "at": "yesterday", "id": 1.5}},
    {"given": {"texts": ["a", None]}},
    {"given": {"texts": "alone"}},
    {"given": {"texts": ("a", "b")}},
    {"given": {"grid": [[1, 2], None, []]}},
    {"given": {"grid": [1]}},
    {"given": {"grid": [["x"]]}},
    {"given": {"inners": [{"text": "a", "inner": {"text": "b", "colour": "RED"}}]}},
    {"given": {"inners": {"text": "alone", "free": {"a": [1, None]}}}},
    {"given": {"inners": [{"colour": "RED"}]}},
    {"given": {"inners": [{"text": "a", "colour": "GREEN"}]}},
    {"given": {"perhaps": None}},
    {"given": {"perhaps": "x", "otherName": True}},
    {"given": {"either": {"left": "x"}}},
    {"given": {"either": {"left": "x", "right": 1}}},
    {"given": {"either": {"left": None}}},
    {"given": {"either": {}}},
    {"times": None},
    {"times": 4, "colour": "RED", "maybe": None},
    {"times": 4.0, "maybe": 1.5},
    {"colour": "red"},
    {"unknown": 1},
]
DOCUMENTS: list[tuple[str, list[dict[str, Any]]]] = [
    (TOLD + "given: $given, times: $times, colour: $colour, maybe: $maybe) }", GIVEN),
    (TOLD + "maybe: $maybe, given: $given, times: $times) more: told(colour: $colour) }", GIVEN),
    (
        "query ($n: Int!, $t: [String!]!, $f: JSON) { needs(number: $n, texts: $t, free: $f) }",
        [
            {"n": 1, "t": ["a"]},
            {"n": 1, "t": ["a"], "f": {"deep": [{"x": None}]}},
            {"n": 1, "t": "a", "f": None},
            {"n": 1},
            {"n": None, "t": []},
            {},
        ],
    ),
    (
        """query ($n: Int!, $t: String!, $f: JSON) {
          needs(number: $n, texts: [$t], free: {in: [$f, 1, true]}) }""",
        [{"n": 1, "t": "a", "f": 1}, {"n": 1, "t": "a"}],
    ),
    ("query ($m: Int = 5) { told(times: 3, maybe: $m, colour: BLUE) }", [{}, {"m": 1}, {"m": None}]),
    ("query ($g: Outer = {number: 3}) { told(given: $g) }", [{}, {"g": {"number": 4}}]),
    ("query ($i: Inner!) { inner(inner: $i) }", [{"i": {"text": "a"}}, {"i": {}}, {"i": None}]),
    ("query ($d: Boolean!) { told @skip(if: $d) b: told(maybe: null) }", [{"d": True}, {"d": 1}]),
]  # fmt: skip


@pytest.mark.parametrize("document", range(len(DOCUMENTS)))
async def test_the_answers_are_those_of_the_stock_executor(document: int) -> None:
    text, variables = DOCUMENTS[document]
    quick, stock = Engine(SCHEMA), Engine(SCHEMA, EngineOptions(executor=Executor))
    for given in [*variables, *variables]:
        ours = await quick.execute(text, variable_values=copy.deepcopy(given))
        theirs = await stock.execute(text, variable_values=copy.deepcopy(given))
        assert told(ours) == told(theirs), given


def variables_of(text: str) -> tuple[OperationDefinitionNode, QuickVariables]:
    node: Any = parse(text).definitions[0]
    return node, QuickVariables(SCHEMA, node)


LEAVES: list[Any] = [
    None, True, False, 0, 1, -1, 2**31, 1.5, 3.0, math.inf, math.nan, "", "x", "RED", "red", "7",
    "2026-01-02T03:04:05Z", {}, [], [None], ("a",),
]  # fmt: skip
NAMES = (
    "number", "real", "flag", "at", "id", "texts", "grid", "inners", "perhaps", "either",
    "otherName", "text", "colour", "inner", "free", "left", "right", "unknown",
)  # fmt: skip


def any_value(random: Random, depth: int) -> Any:
    choice = random.random()
    if depth and choice < 0.45:
        names = random.sample(NAMES, random.randrange(4))
        return {name: any_value(random, depth - 1) for name in names}
    if depth and choice < 0.6:
        return [any_value(random, depth - 1) for _ in range(random.randrange(3))]
    return copy.deepcopy(random.choice(LEAVES))


@pytest.mark.parametrize("kind", ["Outer", "Inner!", "[Inner]", "[Int!]!", "Either", "JSON", "ID!"])
def test_any_value_is_coerced_as_by_graphql_core_or_left_to_it(kind: str) -> None:
    node, quick = variables_of(f"query ($v: {kind}) {{ told }}")
    random, taken = Random(kind), 0  # noqa: S311 - the same values in every run
    for _ in range(3000):
        given = {} if random.random() < 0.05 else {"v": any_value(random, 4)}
        coerced = quick.coerce(given)
        theirs = get_variable_values(SCHEMA, node.variable_definitions or (), given)
        if coerced is not None:
            taken += 1
            ours = quick.with_sources(given, coerced)
            assert not isinstance(theirs, list), given
            assert repr(ours.coerced) == repr(theirs.coerced)
            assert [*ours.sources] == [*theirs.sources]
            assert [s.value for s in ours.sources.values()] == [
                s.value for s in theirs.sources.values()
            ]
    assert taken or kind == "Either"


async def test_what_is_nested_too_deeply_is_refused_each_time() -> None:
    engine = Engine(SCHEMA)
    text = "query ($i: Inner!) { inner(inner: $i) }"
    for depth, is_refused in [(2, False), (60, False), (230, True), (60, False), (230, True)]:
        value: dict[str, Any] = {"text": "x"}
        for _ in range(depth):
            value = {"text": "x", "inner": value}
        result = await engine.execute(text, variable_values={"i": value})
        assert bool(result.errors) is is_refused


async def test_a_kept_operation_holds_no_value_of_a_request() -> None:
    engine = Engine(SCHEMA)
    text = "query ($i: Inner!) { inner(inner: $i) }"
    for _ in range(2):
        await engine.execute(
            text, variable_values={"i": {"text": "s3cret"}}, context_value="s3cret"
        )
    memo = engine._documents.get(text).operations[0].memo
    assert memo.start is not None
    state = memo.start.state
    assert "s3cret" not in repr([state, vars(memo.start.variables), memo.fields])
    assert not {"variable_values", "context_value", "root_value", "_coerced"} & state.keys()
