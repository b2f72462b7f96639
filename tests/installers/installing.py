"""Installing from the real registries, and looking at what came of it."""

import asyncio
import contextlib
import json
import sys
import tempfile
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError
from app.domain.package import InstalledFiles, InstallPhase, PackageSource, Runtime
from app.domain.package_ports import Installer
from app.installers.disk import InstallLimits
from app.installers.npm import NpmInstaller
from app.installers.pypi import PypiInstaller
from app.installers.uv_client import PythonSettings
from app.processes.environment import base_environment
from app.processes.spawner import Spawner

# One for all tests and runs, like the one that a machine has.
UV_CACHE = Path(tempfile.gettempdir()) / "mcp-api-tests-uv-cache"


class Reports:
    def __init__(self) -> None:
        self.lines: list[tuple[InstallPhase, str]] = []

    def __call__(self, phase: InstallPhase, message: str) -> None:
        self.lines.append((phase, message))

    def phases(self) -> list[InstallPhase]:
        """Each once, in the order of their first lines."""
        return list(dict.fromkeys(phase for phase, _ in self.lines))


def installer(
    spawner: Spawner,
    runtime: Runtime,
    *,
    seconds: float = 120,
    least_free_bytes: int = 0,
    cache: Path = UV_CACHE,
    **python: Any,
) -> Installer:
    limits = InstallLimits(timeout_seconds=seconds, least_free_bytes=least_free_bytes)
    if runtime is Runtime.NODE:
        return NpmInstaller(spawner, limits)
    settings = {"python": sys.executable, "cache_dir": cache, **python}
    return PypiInstaller(spawner, limits, PythonSettings(**settings))


async def install(
    spawner: Spawner, folder: Path, source: PackageSource, **options: Any
) -> tuple[InstalledFiles, Reports]:
    folder.mkdir(exist_ok=True)
    reports = Reports()
    engine = installer(spawner, source.runtime, **options)
    return await engine.install(source, str(folder), reports), reports


async def failure(
    spawner: Spawner, folder: Path, source: PackageSource, **options: Any
) -> AppError:
    with pytest.raises(AppError) as caught:
        await install(spawner, folder, source, **options)
    return caught.value


async def talk(files: InstalledFiles, folder: Path) -> tuple[list[str], list[str]]:
    """Start what is installed: the names of its tools, none if it dies, and its stderr."""
    command, *args = [
        text.replace("{packageDir}", str(folder)) for text in (files.command, *files.args)
    ]
    child = await asyncio.create_subprocess_exec(
        command, *args, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=base_environment(), cwd=folder,
        limit=2**20,
    )  # fmt: skip
    client = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
    ]
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        async with asyncio.timeout(60):
            child.stdin.write(b"".join(json.dumps(m).encode() + b"\n" for m in messages))
            tools: list[str] = []
            while line := await child.stdout.readline():
                answer = json.loads(line)
                if answer.get("id") == 2:
                    tools = [tool["name"] for tool in answer["result"]["tools"]]
                    break
            child.stdin.close()
            if not tools:
                await child.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        _, stderr = await child.communicate()
    return sorted(tools), stderr.decode().splitlines()
