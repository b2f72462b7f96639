"""Setting, listing and calling with a hundred stored secrets, and with a hundred thousand.

Fair because it is the same product, user and server before and after; the other secrets belong to
other users of the same server, ten each. They are put into the database directly: they are never
opened, so that their text need only look like one. The two states cannot take turns: what else
the machine does between them shows.
"""

from datetime import UTC, datetime
from itertools import count
from secrets import token_urlsafe

from pymongo import MongoClient

from app.mongo.embedded import socket_uri
from app.mongo.process import SOCKET_NAME, socket_folder
from bench.clients import WrongAnswer
from bench.echoing import Echoing, echoing
from bench.harness import Call, Report, Sample, Sizes, measure_calls

FEW = 100
OF_EACH = 10
NAMES = 50
BATCH = 10_000


async def run(sizes: Sizes) -> Report:
    """Milliseconds of each operation."""
    few = f"{FEW} secrets"
    report = Report("many_secrets", sizes, "ms", few)
    async with echoing() as product:
        ways = await _ways(product)
        _fill(product, FEW)
        before = await _measure(ways, sizes)
        _fill(product, sizes.secrets)
        after = await _measure(ways, sizes)
    for name in ways:
        report.add({few: before[name], f"{sizes.secrets:,} secrets": after[name]}, operation=name)
    return report


async def _ways(product: Echoing) -> dict[str, Call]:
    numbers = count()
    for number in range(NAMES):
        await product.set_secret("echo", f"key{number}", token_urlsafe(32), "ada")

    async def set_one() -> None:
        await product.set_secret("echo", f"key{next(numbers) % NAMES}", token_urlsafe(32), "ada")

    async def list_all() -> None:
        if await product.list_secrets("ada") != NAMES:
            raise WrongAnswer("a listing is not whole")

    return {"set": set_one, "list": list_all, "call": product.call("echo", "hello", "ada")}


async def _measure(ways: dict[str, Call], sizes: Sizes) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {name: [] for name in ways}
    for _ in range(sizes.repetitions):
        for name, way in ways.items():
            sample = await measure_calls(way, calls=sizes.calls // 5 + 1, callers=1)
            found[name].append({"ms": 1000 / sample["calls/s"]})
    return found


def _fill(product: Echoing, wanted: int) -> None:
    """Have so many secrets of others stored."""
    folder = socket_folder(product.data_dir)
    with MongoClient[dict[str, object]](socket_uri(folder / SOCKET_NAME)) as client:
        secrets = client["mcp"]["secrets"]
        there = secrets.count_documents({"username": {"$ne": "ada"}})
        for first in range(there, wanted, BATCH):
            secrets.insert_many([_row(n) for n in range(first, min(first + BATCH, wanted))])


def _row(number: int) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "username": f"user{number // OF_EACH}",
        "server_name": "echo",
        "name": f"key{number % OF_EACH}",
        "sealed": f"v2.0123456789abcdef.{token_urlsafe(8)}.{token_urlsafe(12)}.{token_urlsafe(60)}",
        "key_id": "0123456789abcdef",
        "created_at": now,
        "updated_at": now,
        "last_used_at": None,
    }
