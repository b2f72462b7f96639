"""Published MCP servers, installed for a test run, and run as HTTP servers where they can be."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import until

NPM = (
    "@modelcontextprotocol/server-everything@2026.8.31",
    "@modelcontextprotocol/server-filesystem@2026.8.31",
    "@modelcontextprotocol/server-memory@2026.8.31",
    "@modelcontextprotocol/server-sequential-thinking@2026.8.31",
    "@missionsquad/mcp-github@0.10.8",
    "mcp-hello-world@1.1.2",
)
PYPI = ("mcp-server-time==2026.10.19", "mcp-server-git==2026.10.19", "mcp-mathematics==2.3.1")
# Asks for any mcp, and dies on importing the second major version.
OLD_PYPI = ("mcp-server-calculator==0.2.1", "mcp<2")
INSTALL_SECONDS = 180
UV = str(Path(sys.executable).with_name("uv"))


@dataclass(frozen=True, slots=True)
class Installed:
    """The folders of one test run's servers."""

    folders: tuple[Path, ...]

    def path(self, program: str) -> str:
        """Where a program is."""
        found = (shutil.which(program, path=str(folder)) for folder in self.folders)
        return next(path for path in found if path is not None)


def install(folder: Path) -> Installed:
    """Every server above, from the real registries."""
    with ThreadPoolExecutor() as pool:
        work = [
            pool.submit(_install_npm, folder / "npm"),
            pool.submit(_install_python, folder / "python", PYPI),
            pool.submit(_install_python, folder / "old-python", OLD_PYPI),
        ]
        return Installed(tuple(each.result() for each in work))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert isinstance(port, int)
        return port


@contextlib.asynccontextmanager
async def listening(
    program: str, *args: str, env: Mapping[str, str], port: int, output: Path
) -> AsyncIterator[None]:
    """The program runs, and something listens on its port."""
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            program, *args, env={"PATH": os.environ["PATH"], **env}, stdout=file, stderr=file
        )

    def is_listening() -> bool:
        assert process.returncode is None, output.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        await until(is_listening, seconds=30)
        yield
    finally:
        process.kill()
        await process.wait()


def _install_npm(folder: Path) -> Path:
    folder.mkdir()
    _run(["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", *NPM], folder)
    return folder / "node_modules" / ".bin"


def _install_python(folder: Path, packages: Sequence[str]) -> Path:
    folder.mkdir()
    _run([UV, "venv", "--python", sys.executable, "venv"], folder)
    _run([UV, "pip", "install", "--python", "venv/bin/python", *packages], folder)
    return folder / "venv" / "bin"


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
