"""The Installer port over servers of tests/servers: a registry with a few versions."""

import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.domain.errors import AppError, ErrorCode
from app.domain.package import (
    LATEST,
    InstalledFiles,
    InstallPhase,
    PackageSource,
    ResolvedVersion,
)
from app.domain.package_ports import Report
from tests.subjects import FINGERPRINT

FIRST = "1.2.3"
SAME = "1.2.4"
ADDS = "1.3.0"
BREAKS = "2.0.0"
BROKEN = "3.0.0"
OLD_MCP = "4.0.0"
# What each version has other than the first one, as edits of its program.
EDITS: Mapping[str, Sequence[tuple[str, str]]] = {
    FIRST: (),
    SAME: (("1.0.0", "1.0.1"),),
    ADDS: (('"slow": (', '"more": ("New.", _SCHEMA),\n    "slow": ('),),
    BREAKS: (('    "crash": ("Ends this server without an answer.", _SCHEMA),\n', ""),
             ("Sleeps for the seconds", "Rests for the seconds")),
    BROKEN: (("def main() -> None:", "def main() -> None:\n    sys.exit('it cannot be')"),),
    OLD_MCP: (("def main() -> None:", "def main() -> None:\n    import mcp_2"),),
}  # fmt: skip
MCP_2 = "raise ModuleNotFoundError(\"No module named 'mcp.server.fastmcp'\")\n"


class FakeInstaller:
    """Copies a program into the folder; waits or fails when told to."""

    def __init__(self) -> None:
        self.script = FINGERPRINT
        self.args: tuple[str, ...] = ()
        self.latest = FIRST
        self.versions: dict[str, str] = {}
        self.integrity = "sha512-"
        self.failure: AppError | None = None
        self.may_finish = asyncio.Event()
        self.may_finish.set()
        self.folders: list[Path] = []
        self.sources: list[PackageSource] = []
        self.asking = 0
        self.most_asking = 0

    async def install(self, source: PackageSource, folder: str, report: Report) -> InstalledFiles:
        self.folders.append(Path(folder))
        self.sources.append(source)
        version = self._version(source)
        report(InstallPhase.INSTALLING, "copying")
        program = Path(folder, "server.py")
        shutil.copy(self.script, program)
        for old, new in EDITS[version]:
            text = program.read_text()
            assert old in text
            program.write_text(text.replace(old, new))
        is_old = "mcp<2" in source.requirements
        Path(folder, "mcp_2.py").write_text("" if is_old else MCP_2)
        await self.may_finish.wait()
        if self.failure is not None:
            raise self.failure
        return InstalledFiles(
            version=version,
            integrity=f"{self.integrity}{version}",
            command=sys.executable,
            args=("-S", "{packageDir}/server.py", *self.args, *source.args),
            requirements=source.requirements,
        )

    async def resolve(self, source: PackageSource) -> ResolvedVersion:
        if self.failure is not None:
            raise self.failure
        return ResolvedVersion(self._version(source))

    async def newest(self, source: PackageSource) -> ResolvedVersion:
        self.asking += 1
        self.most_asking = max(self.most_asking, self.asking)
        await asyncio.sleep(0)
        self.asking -= 1
        if self.failure is not None:
            raise self.failure
        return ResolvedVersion(self.latest)

    def _version(self, source: PackageSource) -> str:
        latest = self.versions.get(source.name, self.latest)
        version = latest if source.version == LATEST else source.version
        if version not in EDITS:
            raise AppError(ErrorCode.VERSION_NOT_FOUND, f"There is no {version}.")
        return version
