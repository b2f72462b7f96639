"""Resolving with `uv pip compile`: which versions go together, and why none do."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from app.domain.errors import AppError
from app.domain.package import LATEST, PackageSource, ResolvedVersion, Runtime
from app.domain.package_rules import nearest_versions
from app.domain.pypi import pypi_version
from app.installers.failures import package_not_found, unanswered, version_not_found
from app.installers.pylock import read_locked
from app.installers.tool import Tool
from app.installers.uv_client import UV
from app.installers.uv_failures import (
    REGISTRY,
    is_no_such_version,
    is_unknown_name,
    is_unsolved,
    why_uv_failed,
)
from app.processes.run import Finished

LOCK = "pylock.toml"
WANTED = "requirements.in"
COMPILE = (
    "pip", "compile", "--quiet", "--color=never", "--format=pylock.toml", "--no-header",
    "--no-annotate",
)  # fmt: skip


async def lock(
    tool: Tool, source: PackageSource, folder: Path, python: str, *options: str
) -> ResolvedVersion:
    """Write into the folder what the source and all it needs come to; the package's version.

    Raises:
        AppError: See the Installer port.
    """
    finished = await _compile(tool, source, folder, python, *options)
    if not finished.is_good:
        raise await _why(tool, source, finished, python)
    found = await asyncio.to_thread(read_locked, folder / LOCK, source.name)
    if found is None:
        raise why_uv_failed(source, finished.lines)
    return found


async def resolve(tool: Tool, source: PackageSource, python: str, *options: str) -> ResolvedVersion:
    """The version that `lock` would find; with `--no-deps`, what the package needs unseen.

    Raises:
        AppError: See the Installer port.
    """
    with tempfile.TemporaryDirectory() as folder:
        return await lock(tool, source, Path(folder), python, *options)


def specifier_of(version: str) -> str:
    """What stands behind the name in a requirement."""
    if version == LATEST:
        return ""
    return version if pypi_version(version) is None else f"=={version}"


async def _compile(
    tool: Tool, source: PackageSource, folder: Path, python: str, *options: str
) -> Finished:
    wanted = [f"{source.name}{specifier_of(source.version)}", *source.requirements]
    await asyncio.to_thread((folder / WANTED).write_text, "\n".join(wanted) + "\n")
    if not source.allow_scripts:
        options = (*options, "--no-build")
    return await tool.run(
        *COMPILE, *options, f"--python={python}", f"--output-file={folder / LOCK}",
        str(folder / WANTED),
    )  # fmt: skip


async def _why(tool: Tool, source: PackageSource, finished: Finished, python: str) -> AppError:
    """Told by asking for the package alone, then for any version of it."""
    if finished.is_timeout:
        return unanswered(UV, tool.seconds)
    if not is_unsolved(finished.lines):
        return why_uv_failed(source, finished.lines)
    if is_unknown_name(source, finished.lines):
        return package_not_found(source, REGISTRY)
    alone = replace(source, requirements=())
    seen, asked = await _ask(tool, alone, python)
    if seen is not None:
        return why_uv_failed(source, finished.lines)  # something that it needs is to blame
    if not is_no_such_version(asked.lines):
        return why_uv_failed(source, asked.lines)
    return version_not_found(source, await _around(tool, alone, python))


async def _around(tool: Tool, source: PackageSource, python: str) -> list[str]:
    """The versions next to the wanted one, and the newest; for a specifier just the newest."""
    asks = [_ask(tool, replace(source, version=LATEST), python)]
    if pypi_version(source.version) is not None:
        below = replace(source, version=f"<{source.version}")
        above = replace(source, version=f">{source.version}")
        asks += [
            _ask(tool, below, python),
            _ask(tool, above, python, "--resolution=lowest"),
        ]
    found = {version for version, _ in await asyncio.gather(*asks) if version is not None}
    return nearest_versions(Runtime.PYTHON, source.version, [*found])


async def _ask(
    tool: Tool, source: PackageSource, python: str, *options: str
) -> tuple[str | None, Finished]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        finished = await _compile(tool, source, path, python, "--no-deps", *options)
        found = read_locked(path / LOCK, source.name) if finished.is_good else None
    return None if found is None else found.version, finished
