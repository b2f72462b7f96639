"""`python -m bench [NAME …]`: run the benchmarks, print their tables, write their JSON."""

import argparse
import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import uvloop

from bench import (
    gateway_calls,
    gateway_flood,
    gateway_memory,
    gateway_replicas,
    gateway_results,
    gateway_start,
    gateway_users,
    gateway_workers,
    graphql_attacks,
    graphql_views,
    http_calls,
    installs,
    many_secrets,
    secret_calls,
    session_memory,
    session_start,
    stdio_calls,
    typed_calls,
)
from bench.harness import TINY, Report, Sizes

BENCHMARKS: Mapping[str, Callable[[Sizes], Awaitable[Report]]] = {
    "session_start": session_start.run,
    "stdio_calls": stdio_calls.run,
    "http_calls": http_calls.run,
    "session_memory": session_memory.run,
    "installs": installs.run,
    "gateway_calls": gateway_calls.run,
    "gateway_users": gateway_users.run,
    "gateway_flood": gateway_flood.run,
    "gateway_replicas": gateway_replicas.run,
    "gateway_results": gateway_results.run,
    "gateway_memory": gateway_memory.run,
    "gateway_start": gateway_start.run,
    "gateway_workers": gateway_workers.run,
    "typed_calls": typed_calls.run,
    "graphql_views": graphql_views.run,
    "graphql_attacks": graphql_attacks.run,
    "secret_calls": secret_calls.run,
    "many_secrets": many_secrets.run,
}
RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--tiny", action="store_true", help="only see that everything runs")
    parser.add_argument("--calls", type=int, help="for gateway_memory, instead of 100000")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args(arguments)
    unknown = {*given.names} - {*BENCHMARKS}
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    # The product runs on uvloop, and so do both sides here.
    sizes = TINY if given.tiny else Sizes()
    if given.calls is not None:
        few, _ = sizes.calls_for_memory
        sizes = replace(sizes, calls_for_memory=(few, given.calls))
    uvloop.run(_run(given.names or [*BENCHMARKS], sizes, given.results))


async def _run(names: Sequence[str], sizes: Sizes, results: Path) -> None:
    if task := asyncio.current_task():
        # Who is ended by `timeout` ends products and control groups, too.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    for name in names:
        began_at = time.perf_counter()
        report = await BENCHMARKS[name](sizes)
        path = report.write(results)
        seconds = time.perf_counter() - began_at
        print(f"\n## {name}\n\n{report.table()}\n\n{path}, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
