"""The benchmarks run; what they measure is no matter of a test."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import main

ROOT = Path(__file__).parents[2]
OURS = {"our wire", "our registry"}
CONTESTANTS = {
    "session_start": {"bare process", "our registry", "SDK Client"},
    "stdio_calls": {"SDK Client.call_tool", "SDK raw", *OURS},
    "http_calls": {"SDK Client.call_tool", *OURS},
    "session_memory": {"SDK Client", "our registry"},
    "secret_calls": {"no secrets", "10 secrets, not masked", "10 secrets"},
    "many_secrets": {"100 secrets", "200 secrets"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    command = [sys.executable, "-m", "bench", "--tiny", "--results", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [line for line in done.stdout.splitlines() if line.startswith("## ")] == [
        f"## {name}" for name in CONTESTANTS
    ]
    return folder


@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_benchmark_runs_and_writes_every_contestant_down(results: Path, name: str) -> None:
    written = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
    assert written["benchmark"] == name
    assert written["sizes"]["repetitions"] == 1
    assert {row["contestant"] for row in written["rows"]} == CONTESTANTS[name]
    assert all(
        row["ratio"] == 1 for row in written["rows"] if row["contestant"] == written["ratio"]["to"]
    )


def test_http_is_measured_with_both_servers_and_both_kinds_of_answer(results: Path) -> None:
    rows = json.loads((results / "http_calls.json").read_text(encoding="utf-8"))["rows"]
    assert {(row["server"], row["answers"]) for row in rows} == {
        ("minimal", "json"), ("minimal", "sse"), ("SDK", "json"), ("SDK", "sse"),
    }  # fmt: skip


def test_an_unknown_benchmark_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["session_statr"])
    assert ended.value.code == 2
    assert "there is no benchmark session_statr" in capsys.readouterr().err
