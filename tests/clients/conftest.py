"""The tools from npm, installed once."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALL_SECONDS = 300
RUN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Toolbox:
    """A folder with the tools and our files for them."""

    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs."""
        program, *arguments = command
        path = self.folder / "node_modules" / ".bin" / program
        return subprocess.run(
            [path if path.exists() else program, *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=RUN_SECONDS,
        )  # fmt: skip

    def audit(self, url: str) -> list[dict[str, str]]:
        """What each audit of GraphQL over HTTP says."""
        done = self.run("node", "audits.mjs", url)
        assert done.returncode == 0, done.stderr
        results: list[dict[str, str]] = json.loads(done.stdout)
        return results

    def compile(self, schema: str, operations: Path, use: Path) -> str:
        """What the TypeScript compiler says of code that uses the generated types."""
        (self.folder / "client.graphql").write_text(schema)
        done = self.run("node", "codegen.mjs", "client.graphql", str(operations), "generated.ts")
        assert done.returncode == 0, done.stderr
        shutil.copy(use, self.folder / "use.ts")
        checked = self.run("tsc")
        return checked.stdout + checked.stderr


@pytest.fixture(scope="session")
def toolbox(tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    folder = tmp_path_factory.mktemp("toolbox")
    for name in ("package.json", "audits.mjs", "eslint.config.mjs", "codegen.mjs", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    return Toolbox(folder)
