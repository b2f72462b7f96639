"""Installs from the real Python package index, and what its failures come to."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallPhase, PackageSource, Runtime
from app.domain.package_rules import is_newer, needs_older_mcp
from app.installers.pylock import read_locked
from app.installers.uv_client import PythonSettings, uv_for
from app.installers.uv_failures import why_uv_failed
from app.processes.spawner import Spawner
from tests.installers.installing import failure, install, installer, talk
from tests.waiting import until

TIME = "mcp-server-time"


def source(name: str = TIME, version: str = "2026.10.19", **changes: Any) -> PackageSource:
    return PackageSource(name=name, version=version, runtime=Runtime.PYTHON, **changes)


async def test_a_server_gets_a_venv_of_its_own_with_its_proof_and_entry_point(
    spawner: Spawner, tmp_path: Path
) -> None:
    wanted = source(args=("--local-timezone", "Europe/Berlin"))
    files, reports = await install(spawner, tmp_path, wanted)
    assert files.version == "2026.10.19"
    assert files.integrity == (
        "sha256:5c099a001c6ca78260bda419f2e9b2aabee1adc4fe6ca56d8959871ad8da58a1"
    )
    assert files.command == "{packageDir}/venv/bin/python"
    assert files.args == (
        "{packageDir}/venv/bin/mcp-server-time", "--local-timezone", "Europe/Berlin",
    )  # fmt: skip
    assert (files.requirements, files.warnings) == ((), ())
    phases = [p for p in reports.phases() if p is not InstallPhase.DOWNLOADING]  # if not cached
    assert phases == [InstallPhase.RESOLVING, InstallPhase.INSTALLING]
    assert (await talk(files, tmp_path))[0] == ["convert_time", "get_current_time"]
    every = [read_locked(tmp_path / "pylock.toml", name) for name in (TIME, "mcp", "tzdata")]
    assert all(one is not None and one.integrity is not None for one in every)
    library = next(tmp_path.glob("venv/lib/python*/site-packages/mcp/__init__.py"))
    assert library.stat().st_nlink > 1  # the disk space is the cache's


async def test_a_server_of_mcp_1_dies_recognisably_and_starts_with_an_older_mcp(
    spawner: Spawner, tmp_path: Path
) -> None:
    name, version = "mcp-server-sqlite", "2025.4.25"
    files, _ = await install(spawner, tmp_path / "new", source(name, version))
    tools, stderr = await talk(files, tmp_path / "new")
    assert tools == []
    assert needs_older_mcp(stderr)
    wanted = source(name, f"=={version}", requirements=("mcp<2",))
    files, _ = await install(spawner, tmp_path / "old", wanted)
    assert (files.version, files.requirements) == (version, ("mcp<2",))
    tools, stderr = await talk(files, tmp_path / "old")
    assert "read_query" in tools
    assert not needs_older_mcp(stderr)


async def test_the_latest_is_the_newest_and_a_specifier_is_resolved(
    spawner: Spawner, tmp_path: Path
) -> None:
    pypi = installer(spawner, Runtime.PYTHON)
    newest = await pypi.newest(source("mcp-server-git", "2025.7.1"))
    in_range = await pypi.resolve(source("mcp-server-git", ">=2025,<2025.8"))
    assert in_range.version == "2025.7.1"
    assert is_newer(Runtime.PYTHON, newest.version, in_range.version)
    files, _ = await install(spawner, tmp_path, source("mcp-server-git", "latest"))
    assert (files.version, files.integrity) == (newest.version, newest.integrity)
    assert "git_status" in (await talk(files, tmp_path))[0]


@pytest.mark.parametrize("name", ["mcp-api-tests-there-is-no-such-package", "No_Such.MCP-api-test"])
async def test_an_unknown_package_is_not_found(spawner: Spawner, tmp_path: Path, name: str) -> None:
    error = await failure(spawner, tmp_path, source(name, "latest"))
    assert (error.code, error.path) == (ErrorCode.PACKAGE_NOT_FOUND, ("packageName",))
    assert error.message == f"The Python package index has no package {name!r}."
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(
    ("version", "near"),
    [("2025.7.2", ["2025.7.1", "2025.8.4"]), ("<0.1", [])],
    ids=["exact", "specifier"],
)
async def test_an_unknown_version_is_not_found_and_the_nearest_are_named(
    spawner: Spawner, tmp_path: Path, version: str, near: list[str]
) -> None:
    error = await failure(spawner, tmp_path, source(version=version))
    assert (error.code, error.path) == (ErrorCode.VERSION_NOT_FOUND, ("version",))
    assert error.message == f"mcp-server-time has no version {version!r}."
    newest = (await installer(spawner, Runtime.PYTHON).newest(source())).version
    assert error.hint is not None
    assert all(name in error.hint for name in (*near, newest))


async def test_a_conflict_of_requirements_is_told_in_uvs_own_words(
    spawner: Spawner, tmp_path: Path
) -> None:
    error = await failure(spawner, tmp_path, source(requirements=("mcp<1", "mcp>1.5")))
    assert error.code is ErrorCode.INSTALL_FAILED
    assert "you require mcp<1 and mcp>1.5" in error.message


async def test_source_code_is_built_only_where_scripts_may_run(
    spawner: Spawner, tmp_path: Path
) -> None:
    error = await failure(spawner, tmp_path, source("docopt", "0.6.2"))
    assert (error.code, error.path) == (ErrorCode.INSTALL_FAILED, ("allowScripts",))
    assert error.message == (
        "docopt is there as source code only for this Python and platform, "
        "and building it would run its code."
    )


async def test_a_package_that_names_no_program_is_refused_unless_the_caller_names_one(
    spawner: Spawner, tmp_path: Path
) -> None:
    error = await failure(spawner, tmp_path / "a", source("packaging", "26.3"))
    assert error.code is ErrorCode.INSTALL_FAILED
    assert error.message.startswith("packaging has no program and no module with a __main__")
    named = source("packaging", "26.3", python_module="packaging.tags", args=("-v",))
    files, _ = await install(spawner, tmp_path / "b", named)
    assert (files.command, files.args) == (
        "{packageDir}/venv/bin/python", ("-m", "packaging.tags", "-v"),
    )  # fmt: skip


async def test_an_index_that_is_away_is_told_from_a_missing_package_and_shows_no_password(
    spawner: Spawner, tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    index = f"http://me:planted@127.0.0.1:{closed_port}/simple"
    error = await failure(spawner, tmp_path, source(), index_url=index)
    assert error.code is ErrorCode.REGISTRY_UNAVAILABLE
    assert "Connection refused" in error.message
    assert "planted" not in error.sentence()
    assert not (tmp_path / "venv").exists()


async def test_an_interpreter_that_is_not_there_is_named(spawner: Spawner, tmp_path: Path) -> None:
    error = await failure(spawner, tmp_path, source(), python="/no/such/python")
    assert error.code is ErrorCode.INSTALL_FAILED
    assert "PYTHON_BIN" in error.sentence()


async def test_an_index_that_never_answers_is_given_up(spawner: Spawner, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        error = await failure(spawner, tmp_path, source(), index_url=index, seconds=0.5)
    assert error.code is ErrorCode.REGISTRY_UNAVAILABLE
    assert error.message == "uv cannot get an answer from its registry (none within 0.5 s)."


def working_in(folder: Path) -> list[str]:
    """What runs in the folder, or was told of it."""
    found = psutil.process_iter(["cmdline", "cwd"])
    about = [f"{p.info['cwd']} {' '.join(p.info['cmdline'] or [])}" for p in found]
    return [words for words in about if str(folder) in words]


@pytest.mark.parametrize("runtime", list(Runtime))
async def test_a_cancelled_install_leaves_no_process(
    spawner: Spawner, tmp_path: Path, runtime: Runtime
) -> None:
    name = TIME if runtime is Runtime.PYTHON else "@modelcontextprotocol/server-everything"
    engine = installer(spawner, runtime, cache=tmp_path / "cold")
    begun = asyncio.Event()
    folder = tmp_path / "p"
    folder.mkdir()

    def report(_phase: InstallPhase, _message: str) -> None:
        begun.set()

    wanted = PackageSource(name=name, runtime=runtime)
    task = asyncio.create_task(engine.install(wanted, str(folder), report))
    await begun.wait()
    await until(lambda: working_in(folder))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: working_in(folder) == [])  # what was killed takes a moment to go


async def test_there_must_be_room_on_the_disk(spawner: Spawner, tmp_path: Path) -> None:
    error = await failure(spawner, tmp_path, source(), least_free_bytes=2**60)
    assert error.code is ErrorCode.INSTALL_FAILED
    assert list(tmp_path.iterdir()) == []


def environment(spawner: Spawner, wanted: PackageSource, **settings: Any) -> dict[str, str]:
    own = PythonSettings(python=sys.executable, cache_dir=Path("/cache"), **settings)
    return dict(uv_for(wanted, spawner, own, seconds=1).env)


def test_uv_gets_the_indexes_and_no_secret_of_the_gateway(
    spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECRETS_KEY", "MONGO_PASS", "UV_PUBLISH_TOKEN", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "planted")
    monkeypatch.setenv("UV_INDEX_URL", "http://uvs-own/")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy/")
    plain = environment(spawner, source())
    assert "planted" not in plain.values()
    assert plain["UV_INDEX_URL"] == "http://uvs-own/"
    assert plain["HTTPS_PROXY"] == "http://proxy/"
    operators = {"index_url": "http://operator/", "extra_index_urls": ("http://e1/", "http://e2/")}
    env = environment(spawner, source(), **operators)
    assert "UV_INDEX_URL" not in env
    assert (env["UV_DEFAULT_INDEX"], env["UV_INDEX"]) == (
        "http://operator/",
        "http://e1/ http://e2/",
    )
    own = source(index_url="http://own/", extra_index_urls=("http://more/",))
    env = environment(spawner, own, **operators)
    assert (env["UV_DEFAULT_INDEX"], env["UV_INDEX"]) == ("http://own/", "http://more/")


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (("hint: An index URL (http://x/) could not be queried due to a lack of valid authentication "
         "credentials (401 Unauthorized)."), ErrorCode.REGISTRY_UNAVAILABLE, "401 Unauthorized"),
        ("  cause: Failed to fetch: `http://me:planted@x/simple/`", ErrorCode.REGISTRY_UNAVAILABLE,
         "http://x/simple/"),
        ("error: No space left on device (os error 28)", ErrorCode.INSTALL_FAILED, "No space left"),
    ],
    ids=["refused", "away", "disk-full"],
)  # fmt: skip
def test_uvs_failures_are_told_apart(line: str, code: ErrorCode, words: str) -> None:
    error: AppError = why_uv_failed(source(), ["error: it did not work", line])
    assert error.code is code
    assert words in error.message
    assert "planted" not in error.sentence()
