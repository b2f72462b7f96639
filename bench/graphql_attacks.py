"""What it costs to refuse each document that is made to knock a server over, or to accept it.

Fair because both look at the same documents against the same schema, in turn: graphql-core parses
and validates them, as Strawberry does; ours bounds them besides. A document that is refused by its
length or its tokens is never parsed by ours. `worst ms` is the worst of a round's looks.
"""

import time
from collections.abc import Awaitable, Callable, Mapping

from graphql import GraphQLSchema, GraphQLSyntaxError, parse, validate

from app.resolvers.engine.documents import Documents, Refused
from app.resolvers.engine.limits import Limits
from app.resolvers.schema import build_engine
from bench.harness import Report, Sample, Sizes, interleave
from tests.resolvers.engine.attacks import ATTACKS

BASELINE = "graphql-core"
ROUNDS = 3  # a collection of garbage between two looks takes longer than both
LOOKS = 5


async def run(sizes: Sizes) -> Report:
    """CPU for each document."""
    report = Report("graphql_attacks", sizes, "CPU ms", BASELINE)
    schema = build_engine().schema
    for name, text in ATTACKS.items():
        samples = await interleave(_ways(schema, text), min(ROUNDS, sizes.repetitions))
        report.add(samples, attack=name)
    return report


def _ways(schema: GraphQLSchema, text: str) -> Mapping[str, Callable[[], Awaitable[Sample]]]:
    return {
        BASELINE: _measured(lambda: _look_as_core(schema, text)),
        "ours": _measured(lambda: _look(schema, text)),
    }


def _look_as_core(schema: GraphQLSchema, text: str) -> Callable[[], None]:
    def look() -> None:
        try:
            validate(schema, parse(text))
        except GraphQLSyntaxError:
            return

    return look


def _look(schema: GraphQLSchema, text: str) -> Callable[[], None]:
    # A new one each time: it keeps what it has seen.
    documents = Documents(schema, Limits(), introspection=True, suggestions=True)

    def look() -> None:
        try:
            document = documents.get(text)
            for operation in document.operations:
                documents.check_cost(operation, {})
        except Refused:
            return

    return look


def _measured(prepare: Callable[[], Callable[[], None]]) -> Callable[[], Awaitable[Sample]]:
    async def measure() -> Sample:
        spent = []
        for _ in range(LOOKS):
            look = prepare()
            began = time.process_time()
            look()
            spent.append((time.process_time() - began) * 1000)
        return {"CPU ms": sum(spent) / LOOKS, "worst ms": max(spent)}

    return measure
