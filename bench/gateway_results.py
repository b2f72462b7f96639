"""Small and large results through the product against the bare SDK client, for each megabyte.

Two tools. `text` is asked for a length and returns as much: what is left to be measured is what the
clients do with a result. `echo` of server-everything returns what it is sent: there a megabyte goes
up as well, and most of the time is the tool's own, which parses, checks and writes it.

So there is a floor: `bare pipe` writes a request that was made before and reads up to the end of
the line that answers it. That is the tool's own time, which no client can take away. `ratio` is
the whole time for each megabyte to the SDK's; `added` is what goes beyond the floor, and `added
ratio` that to the SDK's.

Fair because the same programs answer the same requests of all, taking turns, one caller each. The
SDK hands over an object; REST sends the masked text on to wrk, over HTTP. The caller has two
secrets for both tools.
"""

import contextlib
import functools
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.client.client import Client

from bench.bare_pipe import BarePipe, bare_pipe, line_of
from bench.clients import WrongAnswer, quiet_stdio
from bench.gateway_calls import BASELINE
from bench.harness import Report, Sample, Samples, Sizes, beside, interleave
from bench.launches import SERVERS, everything, python
from bench.load import load, load_here
from bench.product import SERVER, Product, prepared

FLOOR = "bare pipe"
TEXT = "text"
LEGEND = f"added ratio: added ms/MB to that of {BASELINE}; added: to {FLOOR}"


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool and the ways to it."""

    server: str
    name: str
    pipe: BarePipe
    client: Client
    product: Product

    def arguments(self, kilobytes: int) -> Mapping[str, Any]:
        """What makes it return so much."""
        if self.name == TEXT:
            return {"kilobytes": kilobytes}
        return {"message": "x" * (kilobytes * 1000)}


async def run(sizes: Sizes) -> Report:
    """Milliseconds for each megabyte of result."""
    report = Report("gateway_results", sizes, "ms/MB", BASELINE, notes=[LEGEND])
    seconds = max(1, sizes.seconds // 3)  # of each of many rounds
    async with _tools() as tools:
        for tool, kilobytes in itertools.product(tools, sizes.kilobytes):
            ways = {
                FLOOR: functools.partial(_bare, tool, kilobytes, seconds),
                BASELINE: functools.partial(_sdk, tool, kilobytes, seconds),
                "REST": functools.partial(_rest, tool, kilobytes, seconds),
            }
            samples = _added(await interleave(ways, sizes.repetitions))
            report.add(samples, tool=tool.name, KB=kilobytes)
    return report


@contextlib.asynccontextmanager
async def _tools() -> AsyncIterator[list[_Tool]]:
    async with contextlib.AsyncExitStack() as stack:
        launch = await stack.enter_async_context(everything())
        if launch is None:
            raise RuntimeError("this benchmark needs Node.js and npm")
        product = await stack.enter_async_context(prepared())
        own = python(SERVERS / "stdio_text.py")
        body = {"name": TEXT, "command": own.command, "args": [*own.args]}
        await product.rest("POST", "/mcp/servers", body)
        await product.set_secrets(server=TEXT)
        tools = []
        for server, name, program in ((TEXT, TEXT, own), (SERVER, "echo", launch)):
            pipe = stack.enter_context(bare_pipe(program))
            client = await stack.enter_async_context(Client(quiet_stdio(program), mode="legacy"))
            tools.append(_Tool(server, name, pipe, client, product))
        yield tools


async def _bare(tool: _Tool, kilobytes: int, seconds: int) -> Sample:
    params = {"name": tool.name, "arguments": tool.arguments(kilobytes)}
    _check(tool.pipe.request("tools/call", params)["content"][0]["text"], kilobytes)
    line = line_of({"id": 1, "method": "tools/call", "params": params})

    async def call() -> None:
        tool.pipe.exchange(line, kilobytes * 1000)

    return _of(await load_here(call, connections=1, seconds=seconds), kilobytes)


async def _sdk(tool: _Tool, kilobytes: int, seconds: int) -> Sample:
    arguments = {**tool.arguments(kilobytes)}

    async def call() -> None:
        result = await tool.client.call_tool(tool.name, arguments)
        _check(getattr(result.content[0], "text", ""), kilobytes)

    return _of(await load_here(call, connections=1, seconds=seconds), kilobytes)


async def _rest(tool: _Tool, kilobytes: int, seconds: int) -> Sample:
    arguments = tool.arguments(kilobytes)
    body = {"serverName": tool.server, "methodName": tool.name, "args": arguments}
    _check((await tool.product.call(body))["content"][0]["text"], kilobytes)
    url = f"{tool.product.address}/mcp/tool/call"
    return _of(await load(url, [body], connections=1, seconds=seconds), kilobytes)


def _check(text: str, kilobytes: int) -> None:
    if len(text) < kilobytes * 1000:
        raise WrongAnswer(text[:100])


def _of(sample: Sample, kilobytes: int) -> Sample:
    return {
        "ms/MB": 1e6 / sample["calls/s"] / kilobytes,
        "p50 ms": sample["p50 ms"],
        "p99 ms": sample["p99 ms"],
    }


def _added(samples: Samples) -> Samples:
    """With what each adds to the floor, and how that compares with what the SDK adds."""
    added = beside(samples, "ms/MB", FLOOR, "added ms/MB")
    return {
        name: [
            {**sample, "added ratio": sample["added ms/MB"] / sdk["added ms/MB"]}
            for sample, sdk in zip(own, added[BASELINE], strict=True)
        ]
        for name, own in added.items()
    }
