"""TypeScript made from a schema by graphql-codegen, and checked by the TypeScript compiler."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

PACKAGES = (
    "typescript@5.9.3",
    "graphql@16.12.0",
    "@graphql-codegen/core@4.0.2",
    "@graphql-codegen/typescript@4.1.6",
    "@graphql-codegen/typescript-operations@4.6.1",
)
GENERATE = Path(__file__).with_name("generate.mjs")
SECONDS = 180


class TypeScript:
    """The tools, installed in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._write("package.json", '{"private": true}')
        shutil.copy(GENERATE, folder)
        options = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        self._run("npm", "install", *options, *PACKAGES)

    def complaints(self, schema: str, operations: str, **programs: str) -> dict[str, list[str]]:
        """What the compiler says of each program; they import the types of `./types`."""
        self._write("schema.graphql", schema)
        self._write("operations.graphql", operations)
        for name, program in programs.items():
            self._write(f"{name}.ts", program)
        self._run("node", GENERATE.name, "schema.graphql", "operations.graphql", "types.ts")
        options = ("--strict", "--noEmit", "--skipLibCheck", "--target", "es2022")
        files = (f"{name}.ts" for name in programs)
        said = self._try("node", "node_modules/typescript/bin/tsc", *options, *files).stdout
        lines = [line for line in said.splitlines() if ": error TS" in line]
        # Whatever is said of another file, such as the types, is said of every program.
        return {
            name: [line for line in lines if not line.startswith(_others(name, programs))]
            for name in programs
        }

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, encoding="utf-8")

    def _run(self, *command: str) -> None:
        done = self._try(*command)
        assert done.returncode == 0, done.stdout + done.stderr

    def _try(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, timeout=SECONDS
        )  # fmt: skip


def _others(name: str, programs: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{other}.ts(" for other in programs if other != name)
