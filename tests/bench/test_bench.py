"""The benchmarks run; what they measure is no matter of a test."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
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
    "installs": {"bare client", "our installer"},
    "secret_calls": {"no secrets", "10 secrets, not masked", "10 secrets"},
    "many_secrets": {"100 secrets", "200 secrets"},
    "graphql_attacks": {"graphql-core", "ours"},
}
# These need wrk and a package from npm, and take half a minute each.
GATEWAY = {
    "gateway_calls": {"SDK Client.call_tool", "REST", "GraphQL"},
    "gateway_users": {"1 user", "3 users"},
    "gateway_flood": {"quiet", "one floods"},
    "gateway_replicas": {
        "a question alone",
        "revoked token",
        "changed secret",
        "disabled server",
    },
    "gateway_results": {"bare pipe", "SDK Client.call_tool", "REST"},
    "gateway_memory": {"after 1", "after 2"},
    "gateway_start": {"python -c pass", "/healthz", "GraphQL"},
    "gateway_workers": {"1 worker", "2 workers"},
}
# These need wrk, too.
LOADED = {
    "graphql_views": {"Strawberry's view", "ours"},
    "typed_calls": {"callTool", "typed field"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    run(folder, CONTESTANTS)
    return folder


def run(folder: Path, names: Iterable[str]) -> None:
    """Run benchmarks in their smallest size; nothing may be said on stderr."""
    command = [sys.executable, "-m", "bench", "--tiny", "--results", str(folder), *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    titles = [line for line in done.stdout.splitlines() if line.startswith("## ")]
    assert titles == [f"## {name}" for name in names]


def check_written(folder: Path, name: str, contestants: set[str]) -> None:
    written = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    assert written["benchmark"] == name
    assert written["sizes"]["repetitions"] == 1
    assert {row["contestant"] for row in written["rows"]} == contestants
    assert all(
        row["ratio"] == 1 for row in written["rows"] if row["contestant"] == written["ratio"]["to"]
    )


@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_benchmark_runs_and_writes_every_contestant_down(results: Path, name: str) -> None:
    check_written(results, name, CONTESTANTS[name])


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk makes the load")
@pytest.mark.parametrize("name", LOADED)
def test_a_benchmark_of_graphql_runs(tmp_path: Path, name: str) -> None:
    run(tmp_path, [name])
    check_written(tmp_path, name, LOADED[name])


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk makes the load")
@pytest.mark.parametrize("name", GATEWAY)
def test_a_benchmark_of_the_whole_product_runs(tmp_path: Path, name: str) -> None:
    run(tmp_path, [name])
    check_written(tmp_path, name, GATEWAY[name])


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
