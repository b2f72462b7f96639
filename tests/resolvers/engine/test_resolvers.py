"""Quick resolvers against Strawberry's own: the same arguments arrive, for every kind of input."""

from datetime import datetime
from typing import Any

import pytest
import strawberry
from graphql import graphql_sync

from app.resolvers.engine.resolvers import quicken
from tests.resolvers.engine.inputs import Colour, Inner


@strawberry.input
class Outer:
    """Every kind of field."""

    number: int = 7
    at: datetime | None = None
    id: strawberry.ID | None = None
    texts: list[str] | None = None
    maybe_texts: list[str | None] = strawberry.field(default_factory=list)
    colours: list[Colour] = strawberry.field(default_factory=list)
    inners: list[Inner] | None = None
    perhaps: strawberry.Maybe[str | None]
    unset: str | None = strawberry.UNSET
    renamed: bool = strawberry.field(name="otherName", default=False)


@strawberry.type
class Query:
    """Fields that say what they were given."""

    @strawberry.field
    def told(self, info: strawberry.Info, given: Outer | None = None, times: int = 1) -> str:
        return f"{info.field_name} {given!r} {times}"

    @strawberry.field
    def listed(self, given: list[Inner], also: list[int] | None = None) -> str:
        return f"{given!r} {also!r}"

    @strawberry.field
    async def later(self, colour: Colour = Colour.RED) -> str:
        return repr(colour)


@pytest.mark.parametrize(
    "field",
    [
        "told",
        "told(given: null, times: 3)",
        "told(given: {})",
        'told(given: {number: 1, at: "2026-01-02T03:04:05Z", id: "i", otherName: true})',
        'told(given: {texts: ["a"], maybeTexts: ["a", null], colours: [RED], unset: "x"})',
        "told(given: {texts: null, inners: null, perhaps: null, unset: null})",
        'told(given: {perhaps: "x", texts: "alone"})',
        'told(given: {inners: [{text: "a", inner: {text: "b", colour: RED}}]})',
        'told(given: {inners: {text: "alone", free: {a: [1, null]}}})',
        'listed(given: [{text: "a"}, {text: "b", free: null}], also: [1, 2])',
        'listed(given: {text: "a"})',
        'listed(given: [{text: "a", colour: GREEN}])',
        "listed(given: null)",
    ],
)
def test_every_argument_arrives_as_by_strawberry(field: str) -> None:
    stock, quick = strawberry.Schema(Query), strawberry.Schema(Query)
    quicken(quick)
    answers = [
        graphql_sync(schema._schema, f"{{ {field} }}", root_value=Query())
        for schema in (stock, quick)
    ]
    assert answers[0].formatted == answers[1].formatted
    assert answers[1].data is not None or answers[1].errors


async def test_an_async_function_is_awaited() -> None:
    schema: Any = strawberry.Schema(Query)
    quicken(schema)
    assert (await schema.execute("{ later }", root_value=Query())).data == {
        "later": repr(Colour.RED)
    }


def test_a_default_list_is_nobody_elses() -> None:
    schema = strawberry.Schema(Query)
    quicken(schema)
    query = "query ($a: [Int!] = [1]) { listed(given: [], also: $a) }"
    for _ in range(2):
        found = graphql_sync(schema._schema, query, root_value=Query())
        assert found.data == {"listed": "[] [1]"}
