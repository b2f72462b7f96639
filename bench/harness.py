"""Measuring contestants against one another: interleaved repetitions, medians, table, JSON."""

import asyncio
import functools
import gc
import json
import os
import platform
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

Sample = Mapping[str, float]
Samples = Mapping[str, Sequence[Sample]]
Call = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much a benchmark does; each reads what it needs."""

    repetitions: int = 9
    calls: int = 500
    callers: Sequence[int] = (1, 16)
    starts: int = 2
    sessions: int = 200
    installs: int = 10
    connections: Sequence[int] = (1, 16, 64)
    seconds: int = 3
    users: int = 10_000
    users_seconds: int = 45
    kilobytes: Sequence[int] = (1, 10, 100, 1000)
    calls_for_memory: tuple[int, int] = (10_000, 100_000)
    has_npm: bool = True
    secrets: int = 100_000


# Enough to see that everything runs; the numbers mean nothing.
TINY = Sizes(
    repetitions=1, calls=8, callers=(2,), starts=1, sessions=2, installs=1, connections=(2,),
    seconds=1, users=3, users_seconds=1, kilobytes=(1, 10), calls_for_memory=(1, 2),
    has_npm=False, secrets=200,
)  # fmt: skip


@dataclass(slots=True)
class Report:
    """The outcome of one benchmark: rows of a table, under the same columns each.

    `measure` is what is compared with the baseline's: its ratio has a column. `notes` are what else
    a reader has to know.
    """

    name: str
    sizes: Sizes
    measure: str
    baseline: str
    rows: list[dict[str, str | float]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, samples: Samples, **labels: str | float) -> None:
        """A row for each contestant: its medians, and the ratio.

        The ratio is the median of the ratios of the single repetitions, so that what slows the
        machine for a while cancels out.
        """
        for name, own in samples.items():
            row: dict[str, str | float] = {**labels, "contestant": name}
            row |= {measure: median(s[measure] for s in own) for measure in own[0]}
            pairs = zip(own, samples[self.baseline], strict=True)
            row["ratio"] = median(s[self.measure] / other[self.measure] for s, other in pairs)
            self.rows.append(row)

    def table(self) -> str:
        """The rows in Markdown."""
        columns = [*self.rows[0]]
        lines = [columns, ["---" if isinstance(v, str) else "--:" for v in self.rows[0].values()]]
        lines += [[_shown(row[column]) for column in columns] for row in self.rows]
        legend = f"ratio: {self.measure} to that of {self.baseline}"
        told = "\n".join((legend, *self.notes))
        return "\n".join((*(f"| {' | '.join(line)} |" for line in lines), "", told))

    def write(self, folder: Path) -> Path:
        """The rows as JSON, with what they were measured on."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        sizes = {name: getattr(self.sizes, name) for name in Sizes.__dataclass_fields__}
        content = {
            "benchmark": self.name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {
                "cpus": os.cpu_count(),
                "python": platform.python_version(),
                **{name: version(name) for name in ("mcp", "uvloop", "aiohttp")},
            },
            "sizes": sizes,
            "ratio": {"of": self.measure, "to": self.baseline},
            "rows": self.rows,
            "notes": self.notes,
        }
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return path


async def interleave(
    contestants: Mapping[str, Callable[[], Awaitable[Sample]]],
    repetitions: int,
    *,
    is_warm: bool = False,
) -> Samples:
    """The samples of every contestant: all once, then all again, each time beginning with the next.

    Unless all is warm, or a single round is wanted, a first round is not counted. Samples with the
    same place in two lists were taken one after the other.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    names = [*contestants]
    for repetition in range(0 if is_warm or repetitions == 1 else -1, repetitions):
        first = repetition % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            sample = await contestants[name]()
            if repetition >= 0:
                samples[name].append(sample)
    return samples


def beside(samples: Samples, measure: str, floor: str, column: str) -> Samples:
    """The samples with a column more: the measure less that of `floor` in the same repetition."""
    return {
        name: [
            {**sample, column: sample[measure] - least[measure]}
            for sample, least in zip(own, samples[floor], strict=True)
        ]
        for name, own in samples.items()
    }


def measured(
    ways: Mapping[str, Call], calls: int, callers: int
) -> Mapping[str, Callable[[], Awaitable[Sample]]]:
    """The ways to call as contestants."""
    return {
        name: functools.partial(measure_calls, call, calls=calls, callers=callers)
        for name, call in ways.items()
    }


async def measure_calls(call: Call, *, calls: int, callers: int) -> Sample:
    """CPU per call and calls per second, of `callers` who call one time after the other.

    The CPU is this process's, all its threads included and its children not.
    """
    left = iter(range(calls))

    async def caller() -> None:
        for _ in left:
            await call()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(callers)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"CPU µs/call": cpu / calls * 1e6, "calls/s": calls / wall}


def _shown(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
