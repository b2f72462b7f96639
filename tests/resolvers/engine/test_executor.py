"""Our executor against graphql-core's own: the same operations, the same answers and errors."""

import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
import strawberry
from graphql import parse
from graphql.execution import Executor
from strawberry.scalars import JSON

from app.resolvers.engine.engine import Engine
from app.resolvers.engine.executor import QuickExecutor
from app.resolvers.engine.options import EngineOptions


class Colour(StrEnum):
    RED = "red"


strawberry.enum(Colour)


@strawberry.type
class Leaf:
    """Every kind of leaf; `of` breaks whichever is named."""

    text: str = "t"
    maybe_text: str | None = None
    number: int = 1
    real: float = 0.5
    flag: bool = True
    id: strawberry.ID = strawberry.ID("i")
    colour: Colour = Colour.RED
    at: datetime = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    free: JSON = strawberry.field(default_factory=lambda: JSON({"a": [1, None, "x"]}))
    texts: list[str] = strawberry.field(default_factory=lambda: ["a", "b"])
    maybe_texts: list[str | None] = strawberry.field(default_factory=lambda: ["a", None])
    numbers: list[int] = strawberry.field(default_factory=lambda: [1, 2])
    children: list["Leaf"] = strawberry.field(default_factory=list)

    @strawberry.field
    def computed(self, times: int = 2) -> str:
        return self.text * times

    @strawberry.field
    async def later(self) -> str | None:
        return self.maybe_text

    @strawberry.field
    async def fails(self) -> str | None:
        raise ValueError(self.text)

    @classmethod
    def of(cls, **broken: Any) -> "Leaf":
        return cls(**broken)


async def soon(value: object) -> object:
    return value


BROKEN: dict[str, Any] = {
    "nothing": {},
    "null for text": {"text": None},
    "number for text": {"text": 3},
    "list for text": {"text": ["x"]},
    "text for number": {"number": "x"},
    "bool for number": {"number": True},
    "a number too long": {"number": 2**31},
    "a whole real": {"real": 3},
    "no real at all": {"real": float("nan")},
    "one for flag": {"flag": 1},
    "number for id": {"id": 7},
    "text for colour": {"colour": "purple"},
    "text for time": {"at": "yesterday"},
    "null in texts": {"texts": ["a", None]},
    "text for texts": {"texts": "abc"},
    "tuple for texts": {"texts": ("a", "b")},
    "number in texts": {"texts": [1]},
    "an error as a value": {"maybe_text": ValueError("inside")},
    "an error for a number": {"number": ValueError("inside")},
    "null for free": {"free": None},
    "children that differ": {"children": [Leaf(), Leaf(text="u", maybe_text="v")]},
    "a broken child": {"children": [Leaf(), Leaf.of(text=None)]},
}
EVERYTHING = """
  __typename text maybeText number real flag id colour at free texts maybeTexts numbers
  computed long: computed(times: 3) later fails
"""
DOCUMENTS = [
    f"{{ leaf {{ {EVERYTHING} children {{ {EVERYTHING} }} }} }}",
    "{ leaf { a: text b: text text @skip(if: true) number @include(if: false) } }",
    "{ leaf { ...F children { ...F } } } fragment F on Leaf { text ... on Leaf { id flag } }",
    "{ maybe { number text } leaf { text } }",
    "{ leaf { text } __schema { queryType { name } } }",
]


def engines(value: Leaf) -> tuple[Engine, Engine]:
    @strawberry.type
    class Query:
        @strawberry.field
        def leaf(self) -> Leaf:
            return value

        @strawberry.field
        async def maybe(self) -> Leaf | None:
            return value

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def leaves(self) -> AsyncIterator[Leaf]:
            yield value
            yield value

    schema = strawberry.Schema(query=Query, subscription=Subscription)._schema
    quick, stock = EngineOptions(), EngineOptions(executor=Executor)
    return Engine(schema, quick), Engine(schema, stock)


def told(result: Any) -> tuple[object, object]:
    errors = [(e.message, e.path, e.locations) for e in result.errors or []]
    return result.data, errors


def order(value: object) -> object:
    """The keys in their order, which equality of dictionaries does not see."""
    if isinstance(value, dict):
        return [(name, order(item)) for name, item in value.items()]
    return [order(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
@pytest.mark.parametrize("name", BROKEN)
async def test_the_answer_is_that_of_the_stock_executor(name: str, document: str) -> None:
    quick, stock = engines(Leaf.of(**BROKEN[name]))
    assert quick.options.executor is QuickExecutor
    theirs = await stock.execute(document)
    for _ in range(3):  # what the first run has found out serves the next
        ours = await quick.execute(document)
        assert told(ours) == told(theirs)
        assert order(ours.data) == order(theirs.data)


@pytest.mark.parametrize(("field", "value"), [("text", "x"), ("free", {"a": 1}), ("text", None)])
async def test_a_value_that_comes_later_is_awaited(field: str, value: object) -> None:
    answers = []
    for side in (0, 1):
        leaf = Leaf()
        engine = engines(leaf)[side]
        for _ in range(2):
            setattr(leaf, field, soon(value))
            answers.append(told(await engine.execute(f"{{ leaf {{ {field} number }} }}")))
    assert answers == [answers[0]] * 4


@pytest.mark.parametrize("name", ["nothing", "null for text", "text for number"])
async def test_events_are_those_of_the_stock_executor(name: str) -> None:
    document = f"subscription {{ leaves {{ {EVERYTHING} }} }}"
    answers = []
    for engine in engines(Leaf.of(**BROKEN[name])):
        for _ in range(2):
            events = await engine.stream(document)
            answers.append([told(event) async for event in events])
    assert answers == [answers[0]] * 4
    assert len(answers[0]) == 2


async def test_a_run_that_begins_with_a_memo_lacks_nothing() -> None:
    """graphql-core's next version may give its executors more to hold."""
    engine, _ = engines(Leaf())
    document = "{ leaf { text } }"
    await engine.execute(document)
    operation = engine._documents.get(document).operations[0]
    again = QuickExecutor.again(operation.memo, {}, None, None)
    built: Any = QuickExecutor.build(engine.schema, parse(document))
    assert again is not None
    assert [name for name in vars(built) if not hasattr(again, name)] == []


async def test_an_operation_leaves_nothing_for_the_garbage_collector() -> None:
    """A collection stops everybody; what is in no circle goes by itself."""
    engine, _ = engines(Leaf())
    document = "{ leaf { text later } maybe { number } }"
    await engine.execute(document)  # from now on the document is kept
    gc.collect()
    gc.disable()
    try:
        assert (await engine.execute(document)).errors is None
        assert gc.collect() == 0
    finally:
        gc.enable()
