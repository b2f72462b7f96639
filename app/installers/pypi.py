"""Python packages: a venv of its own for each, filled by uv from a lock file with hashes."""

import asyncio
from pathlib import Path

from app.domain.errors import AppError, ErrorCode
from app.domain.package import (
    LATEST,
    InstalledFiles,
    InstallPhase,
    PackageSource,
    ResolvedVersion,
    Runtime,
)
from app.domain.package_ports import Report
from app.domain.package_rules import check_source
from app.installers.disk import InstallLimits, check_free_space
from app.installers.failures import too_slow, warned
from app.installers.lookups import Lookups
from app.installers.python_entry import VENV, find_python_entry
from app.installers.tool import Tool
from app.installers.uv_client import UV, PythonSettings, uv_for
from app.installers.uv_failures import why_uv_failed
from app.installers.uv_resolve import LOCK, lock, resolve
from app.processes.run import Finished
from app.processes.spawner import Spawner

LOOKUP_SECONDS = 60.0


class PypiInstaller:
    """Installs from the Python package indexes that the source, the settings or uv name."""

    def __init__(self, spawner: Spawner, limits: InstallLimits, settings: PythonSettings) -> None:
        self._spawner = spawner
        self._limits = limits
        self._settings = settings
        self._lookups = Lookups()

    async def install(self, source: PackageSource, folder: str, report: Report) -> InstalledFiles:
        """Fill the empty folder with a venv that has the package and what it needs.

        Raises:
            AppError: See the Installer port.
        """
        check_source(source)
        await check_free_space(folder, self._limits.least_free_bytes)
        tool = uv_for(source, self._spawner, self._settings, seconds=self._limits.timeout_seconds)
        place = Path(folder)
        wanted = " ".join((f"{source.name} {source.version}", *source.requirements))
        report(InstallPhase.RESOLVING, f"uv pip compile: {wanted}")
        found = await lock(tool, source, place, self._settings.python)
        if found.integrity is None:
            raise AppError(
                ErrorCode.INSTALL_FAILED,
                f"The index names no hash for {source.name} {found.version}.",
                hint="Only packages whose index names their hashes can be installed.",
            )
        warnings = await self._fill(tool, source, place, report)
        if source.fails_on_warning and warnings:
            raise warned(UV, warnings)
        command, args = await asyncio.to_thread(find_python_entry, place, source)
        return InstalledFiles(
            version=found.version,
            integrity=found.integrity,
            command=command,
            args=(*args, *source.args),
            requirements=source.requirements,
            warnings=warnings,
        )

    async def resolve(self, source: PackageSource) -> ResolvedVersion:
        """The exact version that the source's `version` stands for right now.

        Raises:
            AppError: See the Installer port.
        """
        check_source(source)
        return await self._resolve(source)

    async def newest(self, source: PackageSource) -> ResolvedVersion:
        """The newest release that is not yanked and fits the interpreter.

        Raises:
            AppError: See the Installer port.
        """
        check_source(source)
        wanted = PackageSource(
            name=source.name,
            runtime=Runtime.PYTHON,
            version=LATEST,
            index_url=source.index_url,
            extra_index_urls=source.extra_index_urls,
            allow_scripts=source.allow_scripts,
        )
        return await self._lookups.get(wanted, self._resolve_alone)

    async def _resolve(self, source: PackageSource, *options: str) -> ResolvedVersion:
        tool = uv_for(source, self._spawner, self._settings, seconds=LOOKUP_SECONDS)
        return await resolve(tool, source, self._settings.python, *options)

    async def _resolve_alone(self, source: PackageSource) -> ResolvedVersion:
        return await self._resolve(source, "--no-deps")

    async def _fill(
        self, tool: Tool, source: PackageSource, place: Path, report: Report
    ) -> tuple[str, ...]:
        """Make the venv and install what is locked; uv's warnings."""
        made = await tool.run(
            "venv", "--quiet", "--relocatable", "--no-project", "--color=never",
            f"--python={self._settings.python}", str(place / VENV),
        )  # fmt: skip
        _check(tool, source, made)
        sync = _sync(source, place)
        # What is in the cache is what the lock's hashes say: no need to ask anybody again.
        filled = await tool.run(*sync, "--offline")
        if filled.is_good:
            for line in filled.lines:
                report(InstallPhase.INSTALLING, line)
        else:
            report(InstallPhase.DOWNLOADING, "uv pip sync")
            filled = await tool.run(*sync, on_line=lambda line: report(_phase(line), line))
        _check(tool, source, filled)
        return tuple(line for line in filled.lines if line.startswith("warning:"))


def _sync(source: PackageSource, place: Path) -> list[str]:
    command = [
        "pip",
        "sync",
        "--color=never",
        "--preview-features=pylock",
        f"--python={place / VENV}",
    ]
    if not source.allow_scripts:
        command.append("--no-build")
    return [*command, str(place / LOCK)]


def _phase(line: str) -> InstallPhase:
    """What uv is at: it names what it installed when it has got everything."""
    is_late = line.startswith(("Installed", " + ", "warning:"))
    return InstallPhase.INSTALLING if is_late else InstallPhase.DOWNLOADING


def _check(tool: Tool, source: PackageSource, finished: Finished) -> None:
    if finished.is_timeout:
        raise too_slow(UV, source, tool.seconds)
    if not finished.is_good:
        raise why_uv_failed(source, finished.lines)
