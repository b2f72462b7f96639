"""Installing a package: ours against the bare client of its ecosystem.

`bare client` is what a person would type: `npm install NAME` in an empty folder; `uv venv` and
`uv pip install NAME` into it. `our installer` is all that an install is here but for the start-up
proof: the room on the disk, the lock file, the hashes, the entry point, and at the end the sealing.

Fair because both resolve the same name anew, ask the same registry, use the same warm cache, and
take turns in one run. What the registry takes to answer is in both times.

MB is the disk space of ten such installs side by side, each started once (Python writes its
bytecode then): every file counted once however many names it has, uv's cache not counted again.
"""

import asyncio
import functools
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from subprocess import DEVNULL

from app.domain.package import InstallPhase, PackageSource, Runtime
from app.domain.package_ports import Installer
from app.installers.disk import InstallLimits
from app.installers.files import PackageFolder
from app.installers.npm import NpmInstaller
from app.installers.pypi import PypiInstaller
from app.installers.sealing import unseal
from app.installers.uv_client import PythonSettings
from app.processes.environment import base_environment
from bench.clients import our_spawner
from bench.harness import Report, Sample, Sizes, interleave

BASELINE = "bare client"
OURS = "our installer"
UV = str(Path(sys.executable).with_name("uv"))
EVERYTHING = PackageSource(name="@modelcontextprotocol/server-everything")
TIME = PackageSource(name="mcp-server-time", runtime=Runtime.PYTHON)
MOST_REPETITIONS = 5
IGNORED = Path(__file__).parent / "results"

# Installs into a folder of that number, and tells what starts the server.
Way = Callable[[int], Awaitable[list[str]]]


async def run(sizes: Sizes) -> Report:
    """Milliseconds for an install, and the disk space of several."""
    report = Report("installs", sizes, "ms", BASELINE)
    # On the disk of this checkout, where git looks away: what /tmp is made of differs.
    IGNORED.mkdir(exist_ok=True)
    with our_spawner() as spawner, tempfile.TemporaryDirectory(dir=IGNORED) as folder:
        limits = InstallLimits(timeout_seconds=600)
        if sizes.has_npm:
            root = Path(folder, "npm")
            npm = NpmInstaller(spawner, limits)
            await _of(report, EVERYTHING, _bare_npm, _ours(npm, EVERYTHING, root), root)
        root = Path(folder, "python")
        settings = PythonSettings(python=sys.executable, cache_dir=root / "cache")
        pypi = PypiInstaller(spawner, limits, settings)
        await _of(report, TIME, _bare_uv, _ours(pypi, TIME, root), root)
        unseal(Path(folder))
    return report


async def _of(
    report: Report,
    source: PackageSource,
    bare: Callable[[Path, int], Awaitable[list[str]]],
    ours: Way,
    root: Path,
) -> None:
    ways: Mapping[str, Way] = {BASELINE: functools.partial(bare, root), OURS: ours}
    numbers, sizes = itertools.count(), report.sizes
    space = {}
    for name, way in ways.items():
        made = [await _started(way, root, next(numbers)) for _ in range(sizes.installs)]
        space[name] = _megabytes(made)
    timed = {n: functools.partial(_timed, w, numbers, space[n]) for n, w in ways.items()}
    samples = await interleave(timed, min(sizes.repetitions, MOST_REPETITIONS), is_warm=True)
    report.add(samples, subject=source.name, installs=sizes.installs)


async def _timed(way: Way, numbers: Iterable[int], megabytes: float) -> Sample:
    began_at = time.perf_counter()
    await way(next(iter(numbers)))
    return {"ms": (time.perf_counter() - began_at) * 1e3, "MB of all": megabytes}


async def _started(way: Way, root: Path, number: int) -> Path:
    """An install whose server has been started once, and has ended with its stdin."""
    command = await way(number)
    env = base_environment()
    await asyncio.to_thread(
        subprocess.run, command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env=env, timeout=60
    )
    return root / f"{number}"


def _ours(installer: Installer, source: PackageSource, root: Path) -> Way:
    folders = PackageFolder(root)

    async def install(number: int) -> list[str]:
        name = f"{number}/1"
        folder = await folders.create(name)
        files = await installer.install(source, folder, _unheard)
        await folders.seal(name)
        return [text.replace("{packageDir}", folder) for text in (files.command, *files.args)]

    return install


async def _bare_npm(root: Path, number: int) -> list[str]:
    folder = root / f"{number}" / "1"
    folder.mkdir(parents=True)
    await _run("npm", "install", EVERYTHING.name, cwd=folder)
    return [str(folder / "node_modules/.bin/mcp-server-everything")]


async def _bare_uv(root: Path, number: int) -> list[str]:
    folder = root / f"{number}" / "1"
    folder.mkdir(parents=True)
    env = {"UV_CACHE_DIR": str(root / "cache")}
    await _run(UV, "venv", f"--python={sys.executable}", "venv", cwd=folder, **env)
    await _run(UV, "pip", "install", "--python=venv", TIME.name, cwd=folder, **env)
    return [str(folder / "venv/bin/mcp-server-time")]


async def _run(*command: str, cwd: Path, **env: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env={**os.environ, **env}
    )
    if await process.wait() != 0:
        raise RuntimeError(f"{' '.join(command)} failed")


def _megabytes(folders: Iterable[Path]) -> float:
    """Every file and folder counted once, however many names it has."""
    sizes = {}
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            status = path.lstat()
            sizes[status.st_ino] = status.st_blocks * 512
    return sum(sizes.values()) / 1e6


def _unheard(_phase: InstallPhase, _line: str) -> None:
    """Nobody watches."""
