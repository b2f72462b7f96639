"""A tool call through the whole product against the bare SDK client: REST and GraphQL.

The product is one process with its embedded database; the tool is `echo` of server-everything, and
the calling user has two secrets for it. A call over HTTP finds the user, the server and the
secrets, checks and masks, and is recorded. The SDK's client calls the same program over stdio and
does nothing of that.

Fair because all take turns in one run on one machine, with as many callers as connections, each
of which sends its next call when it has the answer to the last. The load on the product comes
from wrk, in a process of its own; the SDK's callers are tasks of one event loop, uvloop as the
product's, as the SDK is meant to be used. On two cores the server, the client and the product share
what there is. While one is measured the others have nothing to do.

`added ms` is the p50 less that of the SDK in the same round.
"""

import contextlib
import functools

from mcp.client.client import Client

from bench.clients import WrongAnswer, quiet_stdio
from bench.harness import Report, Sample, Samples, Sizes, beside, interleave
from bench.launches import everything
from bench.load import load, load_here
from bench.product import SERVER, Product, prepared

BASELINE = "SDK Client.call_tool"
MESSAGE = "hello, world"
REST_BODY = {"serverName": SERVER, "methodName": "echo", "args": {"message": MESSAGE}}
CALL_TOOL = """mutation ($input: CallToolInput!) { callTool(input: $input) {
  __typename ... on ToolResult { isError text } ... on Error { code message } } }"""
GRAPHQL_BODY = {
    "query": CALL_TOOL,
    "variables": {
        "input": {"serverName": SERVER, "toolName": "echo", "arguments": {"message": MESSAGE}}
    },
}


async def run(sizes: Sizes) -> Report:
    """Calls per second and latencies."""
    report = Report("gateway_calls", sizes, "calls/s", BASELINE)
    async with contextlib.AsyncExitStack() as stack:
        launch = await stack.enter_async_context(everything())
        if launch is None:
            raise RuntimeError("this benchmark needs Node.js and npm")
        client = await stack.enter_async_context(Client(quiet_stdio(launch), mode="legacy"))
        product = await stack.enter_async_context(prepared())
        await _check(product)
        for connections in sizes.connections:
            share = {"connections": connections, "seconds": sizes.seconds}
            ways = {
                BASELINE: functools.partial(sdk_load, client, MESSAGE, **share),
                "REST": functools.partial(
                    load, f"{product.address}/mcp/tool/call", [REST_BODY], **share
                ),
                "GraphQL": functools.partial(
                    load, f"{product.address}/graphql", [GRAPHQL_BODY], **share
                ),
            }
            samples = _with_spread(await interleave(ways, sizes.repetitions))
            report.add(beside(samples, "p50 ms", BASELINE, "added ms"), connections=connections)
    return report


async def _check(product: Product) -> None:
    """What is going to be measured is a call."""
    result = await product.call(REST_BODY)
    if result["content"][0]["text"] != f"Echo: {MESSAGE}":
        raise WrongAnswer(str(result))


def _with_spread(samples: Samples) -> Samples:
    return {
        name: [{**sample, "p99/p50": sample["p99 ms"] / sample["p50 ms"]} for sample in own]
        for name, own in samples.items()
    }


async def sdk_load(client: Client, message: str, *, connections: int, seconds: int) -> Sample:
    """The load of the SDK's client on `echo`."""

    async def call() -> None:
        result = await client.call_tool("echo", {"message": message})
        if getattr(result.content[0], "text", None) != f"Echo: {message}":
            raise WrongAnswer(str(result))

    return await load_here(call, connections=connections, seconds=seconds)
