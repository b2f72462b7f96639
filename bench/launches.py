"""The servers that the benchmarks talk to, and how they are started."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from app.domain.launch import HttpLaunch, StdioLaunch
from app.domain.outbound import Reach

ROOT = Path(__file__).parents[1]
SERVERS = Path(__file__).parent / "servers"
SUBJECT = ROOT / "tests" / "servers" / "subject.py"
EVERYTHING = "@modelcontextprotocol/server-everything"
EVERYTHING_VERSION = "2026.8.31"
STARTUP_SECONDS = 60.0


def stdio(command: str, *args: str) -> StdioLaunch:
    """The launch of a program."""
    return StdioLaunch(
        command=command, args=args, env={}, cwd=None, startup_timeout_seconds=STARTUP_SECONDS
    )


def python(script: Path, *args: str) -> StdioLaunch:
    """The launch of a script of the standard library alone; `-S` makes it start quickly."""
    return stdio(sys.executable, "-S", str(script), *args)


def subject() -> StdioLaunch:
    """The launch of the tests' stdio server."""
    return python(SUBJECT, "plain")


@contextlib.asynccontextmanager
async def everything() -> AsyncIterator[StdioLaunch | None]:
    """The launch of a real Node.js server, installed for this run; None where there is no npm."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{EVERYTHING}@{EVERYTHING_VERSION}"
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        npm_install = await asyncio.create_subprocess_exec(
            npm, "install", *quiet, "--prefix", folder, wanted, stdout=DEVNULL
        )
        if await npm_install.wait() != 0:
            raise RuntimeError(f"npm could not install {wanted}")
        yield stdio(node, f"{folder}/node_modules/{EVERYTHING}/dist/index.js", "stdio")


@contextlib.asynccontextmanager
async def served(script: str) -> AsyncIterator[Callable[[str], HttpLaunch]]:
    """The HTTP server of that script, by path, in a process of its own that ends with its stdin."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SERVERS / script), stdin=PIPE, stdout=PIPE
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the server has no pipes")
    try:
        origin = f"http://127.0.0.1:{int(await process.stdout.readline())}"
        yield lambda path: HttpLaunch(
            url=f"{origin}/{path}",
            headers={},
            startup_timeout_seconds=STARTUP_SECONDS,
            reach=Reach.LOOPBACK,
        )
    finally:
        process.stdin.close()
        await process.wait()
