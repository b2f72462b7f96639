"""Our GraphQL view against Strawberry's own, over the same schema in the same process.

A small query, and a page of 50 objects with five fields each. Fair because both have the same
resolvers, which read from memory, the same event loop and the same load, in turn.
"""

import asyncio
import contextlib
import functools
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from bench.clients import WrongAnswer
from bench.harness import Report, Sizes, interleave
from bench.load import load

ROOT = Path(__file__).parent.parent
BASELINE = "Strawberry's view"
SMALL = {"query": "query Me { viewer { username } }"}
PAGE = {
    "query": "query Page($first: Int!) { servers(first: $first) {"
    " nodes { id name displayName transport enabled } } }",
    "variables": {"first": 50},
}
QUERIES = {"small": SMALL, "50 objects": PAGE}


async def run(sizes: Sizes) -> Report:
    """Queries per second and latencies."""
    report = Report("graphql_views", sizes, "calls/s", BASELINE)
    async with _views() as address:
        await _check(address)
        for name, body in QUERIES.items():
            for connections in sizes.connections:
                share = {"connections": connections, "seconds": sizes.seconds}
                ways = {
                    view: functools.partial(load, f"{address}/{path}", [body], **share)
                    for view, path in ((BASELINE, "stock"), ("ours", "ours"))
                }
                samples = await interleave(ways, sizes.repetitions)
                report.add(samples, query=name, connections=connections)
    return report


async def _check(address: str) -> None:
    """Both give the same answer to each query, and it is one."""
    async with aiohttp.ClientSession() as http:
        for body in QUERIES.values():
            answers = []
            for path in ("stock", "ours"):
                async with http.post(f"{address}/{path}", json=body) as response:
                    answers.append(await response.json())
            if answers[0] != answers[1] or "errors" in answers[0]:
                raise WrongAnswer(str(answers)[:500])


@contextlib.asynccontextmanager
async def _views() -> AsyncIterator[str]:
    """Where the two are."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.servers.graphql_views", cwd=ROOT, stdout=PIPE
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the views have no output")
        yield (await process.stdout.readline()).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
