"""npm packages: `npm install` into an empty folder, and what it left there."""

import asyncio
from pathlib import Path

from app.domain.errors import AppError, ErrorCode
from app.domain.package import LATEST, InstalledFiles, InstallPhase, PackageSource, ResolvedVersion
from app.domain.package_ports import Report
from app.domain.package_rules import check_source
from app.installers.disk import InstallLimits, check_free_space
from app.installers.entry_point import find_entry_point
from app.installers.failures import too_slow, warned
from app.installers.json_file import read_json
from app.installers.lookups import Lookups
from app.installers.npm_client import QUIET, npm_for
from app.installers.npm_failures import (
    NO_SUCH_VERSION,
    NPM,
    error_code,
    is_about,
    why_npm_failed,
)
from app.installers.npm_registry import no_such_version, resolve_npm
from app.installers.tool import Tool
from app.processes.run import Finished
from app.processes.spawner import Spawner

# The same name in every folder, so that equal installs have equal lock files.
MANIFEST = '{"name": "installed", "private": true}\n'
LOOKUP_SECONDS = 30.0


class NpmInstaller:
    """Installs from the npm registry that this machine's npm is configured for."""

    def __init__(self, spawner: Spawner, limits: InstallLimits) -> None:
        self._spawner = spawner
        self._limits = limits
        self._lookups = Lookups()

    async def install(self, source: PackageSource, folder: str, report: Report) -> InstalledFiles:
        """Fill the empty folder with exactly one version of the package and what it needs.

        Raises:
            AppError: See the Installer port.
        """
        check_source(source)
        await check_free_space(folder, self._limits.least_free_bytes)
        tool = npm_for(source, self._spawner, cwd=folder, seconds=self._limits.timeout_seconds)
        await asyncio.to_thread(Path(folder, "package.json").write_text, MANIFEST)
        report(InstallPhase.RESOLVING, f"npm install {source.name}@{source.version}")
        finished = await tool.run(
            *_install(source), on_line=lambda line: report(_phase(line), line)
        )
        if not finished.is_good:
            raise await _why(tool, source, finished)
        warnings = tuple(line for line in finished.lines if line.startswith("npm warn"))
        if source.fails_on_warning and warnings:
            raise warned(NPM, warnings)
        return await asyncio.to_thread(_inspect, source, Path(folder), warnings)

    async def resolve(self, source: PackageSource) -> ResolvedVersion:
        """The exact version that the source's `version` stands for right now.

        Raises:
            AppError: See the Installer port.
        """
        check_source(source)
        tool = npm_for(source, self._spawner, cwd="/", seconds=LOOKUP_SECONDS)
        return await resolve_npm(tool, source)

    async def newest(self, source: PackageSource) -> ResolvedVersion:
        """What the dist-tag `latest` stands for.

        Raises:
            AppError: See the Installer port.
        """
        wanted = PackageSource(name=source.name, version=LATEST, registry=source.registry)
        return await self._lookups.get(wanted, self.resolve)


def _install(source: PackageSource) -> list[str]:
    command = ["install", *QUIET, "--save-exact", "--omit=dev", "--loglevel=http"]
    if not source.allow_scripts:
        command.append("--ignore-scripts")
    return [*command, "--", f"{source.name}@{source.version}"]


def _phase(line: str) -> InstallPhase:
    """What npm is at: it names a document by the package alone, and a file by its path."""
    if not line.startswith("npm http fetch"):
        return InstallPhase.INSTALLING
    return InstallPhase.DOWNLOADING if ".tgz" in line else InstallPhase.RESOLVING


async def _why(tool: Tool, source: PackageSource, finished: Finished) -> AppError:
    if finished.is_timeout:
        return too_slow(NPM, source, tool.seconds)
    code = error_code(finished.lines)
    if code == NO_SUCH_VERSION and is_about(source, finished.lines):
        return await no_such_version(tool, source)
    return why_npm_failed(source, code, finished.lines)


def _inspect(source: PackageSource, folder: Path, warnings: tuple[str, ...]) -> InstalledFiles:
    """What npm recorded in its lock file, and how the package starts."""
    lock = read_json(folder / "package-lock.json")
    entries = lock.get("packages")
    entry = entries.get(f"node_modules/{source.name}") if isinstance(entries, dict) else None
    version = entry.get("version") if isinstance(entry, dict) else None
    integrity = entry.get("integrity") if isinstance(entry, dict) else None
    if not isinstance(version, str) or not isinstance(integrity, str):
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            f"npm installed {source.name}, but recorded no version and integrity hash for it.",
            hint="Only packages from the registry can be installed.",
        )
    command, args = (
        (source.command, ())
        if source.command is not None
        else find_entry_point(folder, source.name)
    )
    return InstalledFiles(
        version=version,
        integrity=integrity,
        command=command,
        args=(*args, *source.args),
        warnings=warnings,
    )
