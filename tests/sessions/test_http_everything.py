"""Both HTTP transports to a real server that was not made with the Python SDK."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.sessions.http import HttpWire
from app.sessions.sse import SseWire
from app.sessions.wire import NotDelivered
from tests.sessions.wires import connected
from tests.waiting import until

PACKAGE = "@modelcontextprotocol/server-everything"
VERSION = "2026.8.31"
WAYS: dict[str, tuple[str, type[HttpWire | SseWire]]] = {
    "streamableHttp": ("/mcp", HttpWire),
    "sse": ("/sse", SseWire),
}
every_way = pytest.mark.parametrize("mode", WAYS)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's program, installed for this test run."""
    folder = tmp_path_factory.mktemp("everything")
    command = ["npm", "install", "--no-audit", "--no-fund", f"{PACKAGE}@{VERSION}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder / "node_modules" / PACKAGE / "dist" / "index.js"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert isinstance(port, int)
        return port


@contextlib.asynccontextmanager
async def running(program: Path, mode: str, port: int) -> AsyncIterator[str]:
    """The address of the server, once it listens."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(program),
        mode,
        env={"PORT": str(port), "PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_listening() -> bool:
        assert process.returncode is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        await until(is_listening)
        yield f"http://127.0.0.1:{port}{WAYS[mode][0]}"
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


@every_way
async def test_its_tools_are_listed_and_called(everything: Path, mode: str) -> None:
    told: list[tuple[float, float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total))

    async with running(everything, mode, free_port()) as url:
        async with connected(url, make=WAYS[mode][1]) as session:
            await session.client.initialize()
            names = {tool.name for tool in (await session.client.list_tools()).tools}
            assert {"echo", "get-sum", "trigger-long-running-operation"} <= names
            calls = (session.call("echo", {"message": f"number {n}"}) for n in range(100))
            assert await asyncio.gather(*calls) == [f"Echo: number {n}" for n in range(100)]
            work = {"duration": 0.2, "steps": 4}
            done = await session.call(
                "trigger-long-running-operation", work, on_progress=on_progress
            )
            assert done.startswith("Long running operation completed")
            assert told == [(n, 4) for n in (1, 2, 3, 4)]


@every_way
async def test_a_server_that_was_started_anew_does_not_know_the_session(
    everything: Path, mode: str
) -> None:
    port = free_port()
    async with contextlib.AsyncExitStack() as first_run:
        url = await first_run.enter_async_context(running(everything, mode, port))
        async with connected(url, make=WAYS[mode][1]) as session:
            await session.client.initialize()
            assert await session.call("echo", {"message": "one"}) == "Echo: one"
            await first_run.aclose()
            async with running(everything, mode, port):
                with pytest.raises(NotDelivered):
                    await session.call("echo", {"message": "two"})
                assert session.wire.closed.is_set()
