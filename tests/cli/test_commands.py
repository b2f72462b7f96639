"""The command line: what it prints, and why it does not start, in one sentence."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import __version__
from tests.subjects import SERVERS

ROOT = SERVERS.parent.parent
KEY = "Vd6mBIQpQyHq1YbJyPsbMtlAvHGpUrIGbGvvU4GQ5Mk="


def environment(folder: Path, **settings: str) -> dict[str, str]:
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {"PYTHONPATH": str(ROOT), "DATA_DIR": str(folder / "data"), "PORT": "0"}
    return {**base, **own, **settings}


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
    )


def refusal(folder: Path, **settings: str) -> str:
    """What `serve` says when it does not start: one line on stderr, and exit code 1."""
    finished = run(folder, "serve", **settings)
    assert (finished.returncode, finished.stdout) == (1, "")
    lines = finished.stderr.splitlines()
    assert len(lines) == 1, finished.stderr
    return lines[0]


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        cwd=folder,
        env=environment(folder, **settings),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "MCP API is ready.\n"
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
            assert process.wait(timeout=10) == 0


def test_the_version_is_told(tmp_path: Path) -> None:
    finished = run(tmp_path, "--version")
    assert finished.stdout == f"mcp-api, version {__version__}\n"


def test_a_file_that_holds_the_schema_passes_the_check(tmp_path: Path) -> None:
    schema = tmp_path / "schema.graphql"
    printed = run(tmp_path, "schema")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.endswith("}\n")
    schema.write_text(printed.stdout)
    checked = run(tmp_path, "schema", "--check", "schema.graphql")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("content", [None, "", "type Query { old: Int }\n"])
def test_another_or_a_missing_file_fails_the_check(tmp_path: Path, content: str | None) -> None:
    schema = tmp_path / "schema.graphql"
    if content is not None:
        schema.write_text(content)
    checked = run(tmp_path, "schema", "--check", str(schema))
    assert checked.returncode == 1
    told = f"{schema} does not show the schema of this code. Run: make schema\n"
    assert checked.stderr == told
    assert (schema.read_text() if schema.exists() else None) == content


def test_the_network_is_not_let_in_without_authentication(tmp_path: Path) -> None:
    assert refusal(tmp_path, HOST="0.0.0.0") == (  # noqa: S104 - this is what is refused
        "mcp-api: HOST=0.0.0.0 would let the network in, and no authentication is configured. "
        "Set AUTH=on and make a token with `mcp-api tokens create`, or ADMIN_TOKEN, or "
        "OIDC_ISSUER; or use HOST=127.0.0.1; or set ALLOW_UNAUTHENTICATED_NETWORK=true if "
        "something in front of this server decides who may reach it."
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "70000"), ("PAYLOAD_LIMIT", "lots"), ("LOG_LEVEL", "LOUD"),
     ("INSTALL_FREE_SPACE", "much"), ("PIP_INDEX_URL", "--x"), ("PIP_EXTRA_INDEX_URL", "http://a b"),
     ("INSTALL_TIMEOUT_SECONDS", "0"), ("WORKERS", "0"), ("WORKERS", "65"), ("WORKERS", "many"),
     ("ALLOWED_HOSTS", "*"), ("ALLOWED_HOSTS", "a.example, *.example"), ("ALLOWED_HOSTS", "a.example:80"),
     ("ALLOWED_HOSTS", "http://a.example"), ("ALLOWED_HOSTS", "::2")],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_named(tmp_path: Path, name: str, value: str) -> None:
    assert refusal(tmp_path, **{name: value}).startswith(f"mcp-api: {name}: ")
    assert not (tmp_path / "data").exists()


def test_the_command_lines_number_of_workers_goes_before_the_settings(tmp_path: Path) -> None:
    finished = run(tmp_path, "serve", "--workers", "0", WORKERS="2")
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr == "mcp-api: WORKERS: Input should be greater than or equal to 1\n"


def test_what_no_worker_can_start_with_is_said_once(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, WORKERS="2", INSTALL_ON_START="one|a|b", MONGODB_URI="mongodb://127.0.0.1:9",
        SECRETS_KEY=KEY,
    )  # fmt: skip
    assert said.startswith("mcp-api: A server's name must be")


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal(tmp_path, PORT=str(port)) == (
            f"mcp-api: Cannot listen on 127.0.0.1:{port}: Address already in use. "
            "Choose another port with PORT."
        )


@pytest.mark.parametrize(
    "settings", [{"MONGODB_URI": "mongodb://127.0.0.1:9"}, {"MONGO_HOST": "127.0.0.1:9"}]
)
def test_a_database_of_ones_own_needs_a_key_of_ones_own(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    said = refusal(tmp_path, **settings)
    assert said.startswith("mcp-api: SECRETS_KEY is not set. With a MongoDB of your own it must be")
    assert not (tmp_path / "data" / "secrets.key").exists()


def test_a_key_that_is_none_is_refused_without_being_repeated(tmp_path: Path) -> None:
    said = refusal(tmp_path, SECRETS_KEY="planted-no-key")
    assert said.startswith("mcp-api: SECRETS_KEY must be 32 bytes as base64 or 64 hex digits, or ")
    assert "planted" not in said


def test_a_data_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    said = refusal(tmp_path)
    assert said == f"mcp-api: The data folder {tmp_path}/data cannot be used: File exists."
    assert (tmp_path / "data").read_text() == "mine"


def test_a_second_instance_on_the_same_data_is_refused_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    # A database that is away: neither instance needs one for this.
    settings = {"MONGODB_URI": "mongodb://127.0.0.1:9", "SECRETS_KEY": KEY}
    with serving(tmp_path, **settings) as first:
        assert refusal(tmp_path, **settings) == (
            f"mcp-api: Another MCP API (process {first.pid}) is already using {tmp_path}/data. "
            "Stop it, or choose another folder with DATA_DIR."
        )
        assert first.poll() is None


@pytest.mark.parametrize("uri", ["http://x", "mongodb://", "nonsense", "mongodb://u:p@ss@h/"])
def test_an_address_that_is_no_mongodb_is_refused(tmp_path: Path, uri: str) -> None:
    said = refusal(tmp_path, MONGODB_URI=uri, SECRETS_KEY=KEY)
    assert said.startswith("mcp-api: MONGODB_URI")
    assert "p@ss" not in said


def test_a_database_name_that_mongodb_would_refuse_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, MONGODB_URI="mongodb://127.0.0.1:1", MONGO_DBNAME="a b$")
    assert said.startswith("mcp-api: MONGO_DBNAME: ")


def test_a_mongod_that_does_not_start_is_told_in_one_sentence(tmp_path: Path) -> None:
    said = refusal(tmp_path, MONGOD_BINARY="/bin/false")
    assert said.startswith("mcp-api: The embedded MongoDB ended at once: ")


def test_a_database_without_its_key_file_is_not_started(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.wait(10)
    (tmp_path / "data" / "secrets.key").unlink()
    assert "is missing, but there is a database already" in refusal(tmp_path)
    assert not (tmp_path / "data" / "secrets.key").exists()


def test_what_would_break_clients_of_the_last_release_is_told(tmp_path: Path) -> None:
    released = tmp_path / "released.graphql"
    text = (ROOT / "schema.released.graphql").read_text()
    released.write_text(text.replace("  viewer: Viewer!", "  viewer: Viewer!\n  gone: String"))
    checked = run(tmp_path, "schema", "--against", str(released))
    assert checked.returncode == 1
    assert "breaking: Field Query.gone was removed." in checked.stderr
    assert run(tmp_path, "schema", "--against", str(ROOT / "schema.graphql")).returncode == 0


def test_the_reference_shows_every_operation(tmp_path: Path) -> None:
    printed = run(tmp_path, "schema", "--reference").stdout
    for name in ("installPackage", "servers", "toolCall"):
        assert f"### {name}\n" in printed
    assert printed == (ROOT / "docs" / "graphql-reference.md").read_text()
