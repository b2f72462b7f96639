"""MCP's own conformance suite against our client side, scenario by scenario.

The suite itself would run all of them at once, which its own timings do not survive.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PACKAGES = ("@modelcontextprotocol/conformance@0.2.0-alpha.12", "node@22")
INSTALL_SECONDS = 300
SCENARIO_SECONDS = 120
AT_ONCE = 2
FAILED = ("FAILURE", "WARNING")

pytestmark = pytest.mark.soak


@dataclass(frozen=True, slots=True)
class Suite:
    """Where it is installed."""

    folder: Path

    def scenarios(self, revision: str) -> list[str]:
        """What the revision requires of a client, and what is run without being required."""
        package = self.folder / "node_modules/@modelcontextprotocol/conformance"
        text = (package / "requirements" / f"{revision}.yaml").read_text()
        _, _, client = text.partition("\nclient:\n")
        required, _, others = client.partition("\nnot_scored:\n")
        names = [line.removeprefix("  - ") for line in required.splitlines() if line]
        more = [each.split("\n") for each in others.split("  - scenario: ")]
        return names + [lines[0] for lines in more if "    leg: client" in lines]

    def run(self, scenario: str, revision: str) -> dict[str, int]:
        """How many checks of the scenario ended how."""
        output = self.folder / "results" / revision / scenario
        node = self.folder / "node_modules" / ".bin"
        subprocess.run(
            [
                node / "conformance", "client", "--scenario", scenario,
                "--command", f"{sys.executable} {HERE / 'client.py'}",
                "--spec-version", revision, "--force", "--output-dir", output,
            ],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{node}:{os.environ['PATH']}"},
            capture_output=True,
            timeout=SCENARIO_SECONDS,
        )  # fmt: skip
        (checks,) = output.rglob("checks.json")
        counts: dict[str, int] = {}
        for check in json.loads(checks.read_text()):
            counts[check["status"]] = counts.get(check["status"], 0) + 1
        return counts


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    folder = tmp_path_factory.mktemp("conformance")
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", *PACKAGES]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    return Suite(folder)


def expected_failures() -> Iterator[str]:
    groups = tomllib.loads((HERE / "expected-failures.toml").read_text())
    for group in groups.values():
        assert group["reason"].strip()
        yield from group["scenarios"]


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_our_sessions_conform_where_nothing_else_is_said(suite: Suite, revision: str) -> None:
    scenarios = suite.scenarios(revision)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = [*pool.map(lambda name: suite.run(name, revision), scenarios)]
    passed = sum(counts.get("SUCCESS", 0) for counts in results)
    failed = {
        name: counts
        for name, counts in zip(scenarios, results, strict=True)
        if any(counts.get(status) for status in FAILED) or not counts.get("SUCCESS")
    }
    print(
        f"{revision}: {len(scenarios) - len(failed)} of {len(scenarios)} scenarios, {passed} checks"
    )
    assert {*failed} == {*expected_failures()} & {*scenarios}, failed


def test_every_expected_failure_is_a_scenario(suite: Suite) -> None:
    known = {*suite.scenarios("2025-11-25"), *suite.scenarios("2026-07-28")}
    assert {*expected_failures()} <= known
