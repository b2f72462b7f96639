"""npm packages: `npm install` into an empty folder, and what it left there."""

import asyncio
import shutil
from pathlib import Path

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstalledFiles, InstallPhase, PackageSource
from app.domain.package_rules import check_source
from app.domain.ports import Report
from app.installers.entry_point import find_entry_point
from app.installers.json_file import read_json
from app.processes.environment import installer_environment
from app.processes.run import Finished, run_command
from app.processes.spawner import Spawner

LAST_LINES = 8
# npm's own names for what went wrong, as it prints them after "npm error code".
NETWORK_CODES = (
    "ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ERR_SOCKET_TIMEOUT",
    "CERT_", "UNABLE_TO_", "SELF_SIGNED_", "E401", "E403", "E500", "E502", "E503", "E504",
)  # fmt: skip


class NpmInstaller:
    """Installs from the npm registry that this machine's npm is configured for."""

    def __init__(self, spawner: Spawner, *, timeout_seconds: float) -> None:
        self._spawner = spawner
        self._timeout_seconds = timeout_seconds

    async def install(self, source: PackageSource, folder: str, report: Report) -> InstalledFiles:
        """Fill the empty folder with exactly one version of the package and what it needs.

        Raises:
            AppError: PACKAGE_NOT_FOUND, VERSION_NOT_FOUND, REGISTRY_UNAVAILABLE, INSTALL_FAILED,
                or INVALID_INPUT for a name or version npm would take for something else.
        """
        check_source(source)
        await asyncio.to_thread(Path(folder, "package.json").write_text, '{"private": true}\n')
        report(InstallPhase.INSTALLING, f"npm install {source.name}@{source.version}")
        finished = await self._run(source, folder, report)
        if finished.is_timeout or finished.exit_code != 0:
            raise self._why(source, finished)
        warnings = [line for line in finished.lines if line.startswith("npm warn")]
        if source.fails_on_warning and warnings:
            raise AppError(
                ErrorCode.INSTALL_FAILED,
                f"npm warned, and failOnWarning is set: {' | '.join(warnings)[:1500]}",
            )
        return _inspect(source, Path(folder))

    async def _run(self, source: PackageSource, folder: str, report: Report) -> Finished:
        npm = shutil.which("npm")
        if npm is None:
            raise AppError(
                ErrorCode.INSTALL_FAILED,
                "npm is not installed on this machine.",
                hint="Install Node.js 20 or newer, which brings npm.",
            )
        return await run_command(
            self._spawner,
            _command(npm, source),
            env=installer_environment("npm_config_"),
            cwd=folder,
            deadline_seconds=self._timeout_seconds,
            on_line=lambda line: report(InstallPhase.INSTALLING, line),
        )

    def _why(self, source: PackageSource, finished: Finished) -> AppError:
        wanted = f"{source.name}@{source.version}"
        if finished.is_timeout:
            return AppError(
                ErrorCode.INSTALL_FAILED,
                f"npm did not finish installing {wanted} within {self._timeout_seconds:g} s.",
            )
        code = _error_code(finished.lines)
        if code == "E404":
            return AppError(
                ErrorCode.PACKAGE_NOT_FOUND,
                f"The npm registry has no package {source.name!r}.",
                path=("name",),
                hint="Check the spelling, the scope included.",
            )
        if code == "ETARGET":
            return AppError(
                ErrorCode.VERSION_NOT_FOUND,
                f"{source.name} has no version {source.version!r}.",
                path=("version",),
                hint=f"See which there are: npm view {source.name} versions",
            )
        if code.startswith(NETWORK_CODES):
            return AppError(
                ErrorCode.REGISTRY_UNAVAILABLE,
                f"npm cannot reach its registry ({code}).",
                hint="Check the network, the proxy and npm's configuration, then try again.",
            )
        words = " | ".join(line for line in finished.lines if "npm error" in line)
        words = words or " | ".join(finished.lines[-LAST_LINES:])
        return AppError(
            ErrorCode.INSTALL_FAILED, f"npm could not install {wanted}: {words[-1500:]}"
        )


def _command(npm: str, source: PackageSource) -> list[str]:
    command = [
        npm, "install", "--no-audit", "--no-fund", "--no-update-notifier", "--save-exact",
        "--omit=dev", "--no-progress", "--loglevel=http", "--color=false",
    ]  # fmt: skip
    if not source.allow_scripts:
        command.append("--ignore-scripts")
    return [*command, "--", f"{source.name}@{source.version}"]


def _error_code(lines: tuple[str, ...]) -> str:
    """The word after `npm error code`, or an empty text."""
    for line in lines:
        words = line.replace("npm ERR!", "npm error").split()
        if words[:3] == ["npm", "error", "code"] and len(words) > 3:
            return words[3]
    return ""


def _inspect(source: PackageSource, folder: Path) -> InstalledFiles:
    """What npm recorded in its lock file, and how the package starts."""
    lock = read_json(folder / "package-lock.json")
    entries = lock.get("packages")
    key = f"node_modules/{source.name}"
    entry = entries.get(key) if isinstance(entries, dict) else None
    version = entry.get("version") if isinstance(entry, dict) else None
    integrity = entry.get("integrity") if isinstance(entry, dict) else None
    if not isinstance(version, str) or not isinstance(integrity, str):
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            f"npm installed {source.name}, but recorded no version and integrity hash for it.",
            hint="Only packages from the registry can be installed.",
        )
    if source.command is not None:
        return InstalledFiles(
            version=version, integrity=integrity, command=source.command, args=source.args
        )
    command, args = find_entry_point(folder, source.name)
    return InstalledFiles(
        version=version, integrity=integrity, command=command, args=(*args, *source.args)
    )
