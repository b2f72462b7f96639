"""From the command to the first answer, on a MongoDB that is there already.

`python -c pass` is the interpreter alone, the least that any start can take. The product is asked
for `/healthz` and for a GraphQL operation, every few milliseconds from the moment its process
exists. A first start is not counted: the data folder is there, and Python's files are compiled.

Fair because all are whole processes, started in turn, with the same clock from before the start.
"""

import asyncio
import functools
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import aiohttp

from app.mongo.binary import find_mongod
from app.mongo.embedded import EmbeddedMongo
from app.mongo.process import MongodProcess
from app.processes.guard import Guard
from bench.harness import Report, Sample, Sizes, interleave
from bench.product import environment, free_port

BASELINE = "python -c pass"
POLL_SECONDS = 0.005
KEY = "0123456789abcdef" * 4


async def run(sizes: Sizes) -> Report:
    """Milliseconds to the first answer."""
    report = Report("gateway_start", sizes, "ms to ready", BASELINE)
    guard = Guard(uuid4().hex)
    guard.start()
    folder = Path(tempfile.mkdtemp(prefix="m"))
    try:
        process = MongodProcess(find_mongod(None), folder / "db", guard)
        process.start()
        mongod = EmbeddedMongo(process)
        await mongod.start()
        ways: dict[str, Callable[[], Awaitable[Sample]]] = {
            BASELINE: _python,
            "/healthz": functools.partial(_serve, folder, mongod.uri, "/healthz", None),
            "GraphQL": functools.partial(
                _serve, folder, mongod.uri, "/graphql", {"query": "{ viewer { __typename } }"}
            ),
        }
        report.add(await interleave(ways, sizes.repetitions))
        await mongod.stop()
    finally:
        guard.stop()
        shutil.rmtree(folder)
    return report


async def _python() -> Sample:
    began_at = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
    await process.wait()
    return {"ms to ready": (time.perf_counter() - began_at) * 1e3}


async def _serve(folder: Path, uri: str, path: str, body: object) -> Sample:
    url, method = f"http://127.0.0.1:{free_port()}", "GET" if body is None else "POST"
    settings = {"PORT": url.rpartition(":")[2], "MONGODB_URI": uri, "SECRETS_KEY": KEY}
    began_at = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "serve",
        cwd=folder, env=environment(folder, **settings), stdin=DEVNULL, stdout=DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(60):
            while not await _answers(http, method, url + path, body):
                await asyncio.sleep(POLL_SECONDS)
        return {"ms to ready": (time.perf_counter() - began_at) * 1e3}
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()


async def _answers(http: aiohttp.ClientSession, method: str, url: str, body: object) -> bool:
    try:
        async with http.request(method, url, json=body) as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False
