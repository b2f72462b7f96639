"""A tool call by its typed field against the same call by `callTool`, both over GraphQL.

Fair because the same product calls the same tool with the same load in one run, taking turns, with
the text as a variable and the same fields of the result in both; only the endpoint differs. What is
compared is the cost of having a field for each tool.
"""

import functools

from bench.gateway_calls import GRAPHQL_BODY, MESSAGE
from bench.harness import Report, Sizes, interleave
from bench.load import load
from bench.product import SERVER, prepared

BASELINE = "callTool"
TYPED_BODY = {
    "query": f"mutation ($message: String!) {{ {SERVER} {{ echo(message: $message) {{"
    " __typename isError text } } }",
    "variables": {"message": MESSAGE},
}


async def run(sizes: Sizes) -> Report:
    """Calls per second and latencies."""
    report = Report("typed_calls", sizes, "calls/s", BASELINE)
    async with prepared() as product:
        for connections in sizes.connections:
            share = {"connections": connections, "seconds": sizes.seconds}
            main, tools = f"{product.address}/graphql", f"{product.address}/graphql/tools"
            ways = {
                BASELINE: functools.partial(load, main, [GRAPHQL_BODY], **share),
                "typed field": functools.partial(load, tools, [TYPED_BODY], **share),
            }
            report.add(await interleave(ways, sizes.repetitions), connections=connections)
    return report
