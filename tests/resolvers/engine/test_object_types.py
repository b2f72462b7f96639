"""Values of objects, interfaces and unions: the same type is found as by the stock executor."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Annotated, Any, Generic, TypeVar

import pytest
import strawberry
from graphql import GraphQLField, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema
from graphql.execution import Executor

from app.resolvers.engine.engine import Engine
from app.resolvers.engine.options import EngineOptions
from tests.resolvers.engine.test_executor import soon, told

T = TypeVar("T")


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Cat(Named):
    lives: int | None = 9
    friend: Annotated["Cat | Dog | None", strawberry.union("Friend")] = None


@strawberry.type
class Dog(Named):
    barks: bool = True


class Puppy(Dog):
    """No type of its own."""


@strawberry.type
class Rock:
    weight: float = 1.5


@strawberry.type
class Box(Generic[T]):
    inside: T


@strawberry.type
class Claimed:
    """Says itself what it is."""

    name: str = "claimed"

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, cls | SimpleNamespace)


class Outsider:
    """Of no type at all."""

    name = "outsider"


Thing = Annotated[
    Cat | Dog | Rock | Box[int] | Box[str] | Claimed, strawberry.union("Thing")
]  # fmt: skip

VALUES: dict[str, Callable[[], object]] = {
    "a cat": lambda: Cat(name="c", friend=Dog(name="d")),
    "a cat with a wrong friend": lambda: Cat(name="c", friend=Rock()),  # type: ignore[arg-type]
    "a cat without a name": lambda: Cat(name=None),  # type: ignore[arg-type]
    "a dog": lambda: Dog(name="d"),
    "a subclass": lambda: Puppy(name="p"),
    "a rock": Rock,
    "a box of a number": lambda: Box(inside=1),
    "a box of a text": lambda: Box(inside="x"),
    "one that claims": Claimed,
    "one that is claimed": lambda: SimpleNamespace(name="s"),
    "an outsider": Outsider,
    "an outsider cast": lambda: strawberry.cast(Dog, SimpleNamespace(name="d", barks=False)),
    "a cat cast": lambda: strawberry.cast(Dog, Cat(name="c")),
    "nothing": lambda: None,
    "an error": lambda: ValueError("inside"),
    "a text": lambda: "text",
    "a number": lambda: 1,
    "a list": lambda: [Rock()],
}
FIELDS = """ __typename ... on Named { name } ... on Cat { lives friend { __typename } }
  ... on Dog { barks } ... on Rock { weight } ... on Claimed { named: name }
  ... on IntBox { number: inside } ... on StrBox { text: inside } """
DOCUMENTS = [
    f"{{ thing {{ {FIELDS} }} }}",
    f"{{ maybe {{ {FIELDS} }} later {{ {FIELDS} }} }}",
    f"{{ things {{ {FIELDS} }} }}",
    "{ named { __typename name ... on Cat { lives } } }",
    "{ cat { __typename name friend { ... on Dog { barks } } } rock { weight } }",
    "{ claimed { name } rock { weight } }",
]


def engines(given: Callable[[], object]) -> tuple[Engine, Engine]:
    make: Any = given

    @strawberry.type
    class Query:
        @strawberry.field
        def thing(self) -> Thing:
            found: Thing = make()
            return found

        @strawberry.field
        def maybe(self) -> Thing | None:
            found: Thing | None = make()
            return found

        @strawberry.field
        async def later(self) -> Thing | None:
            return await soon(make())  # type: ignore[return-value]

        @strawberry.field
        def things(self) -> list[Thing | None]:
            return [make(), Rock(), make()]

        @strawberry.field
        def named(self) -> Named | None:
            found: Named | None = make()
            return found

        @strawberry.field
        def cat(self) -> Cat | None:
            found: Cat | None = make()
            return found

        @strawberry.field
        def rock(self) -> Rock | None:
            found: Rock | None = make()
            return found

        @strawberry.field
        def claimed(self) -> Claimed | None:
            found: Claimed | None = make()
            return found

    schema = strawberry.Schema(query=Query)._schema
    return Engine(schema), Engine(schema, EngineOptions(executor=Executor))


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
@pytest.mark.parametrize("name", VALUES)
async def test_a_value_is_of_the_type_that_strawberry_finds(name: str, document: str) -> None:
    quick, stock = engines(VALUES[name])
    theirs = told(await stock.execute(document))
    for _ in range(2):
        assert told(await quick.execute(document)) == theirs


@pytest.mark.parametrize("value", [{"n": 1}, SimpleNamespace(n=1), None, ValueError("inside")])
async def test_a_type_without_a_class_takes_any_value(value: object) -> None:
    kind = GraphQLObjectType("Any", {"n": GraphQLField(GraphQLInt)})
    field = GraphQLField(GraphQLNonNull(kind), resolve=lambda *_: value)
    schema = GraphQLSchema(GraphQLObjectType("Query", {"any": field}))
    stock = Engine(schema, EngineOptions(executor=Executor))
    assert told(await Engine(schema).execute("{ any { n } }")) == told(
        await stock.execute("{ any { n } }")
    )
