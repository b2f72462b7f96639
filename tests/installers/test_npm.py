"""Installs from the real npm registry, and what its failures come to."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstalledFiles, InstallPhase, PackageSource
from app.installers.disk import InstallLimits
from app.installers.npm import NpmInstaller, _install
from app.installers.npm_failures import error_code
from app.processes.spawner import Spawner

NAME = "mcp-hello-world"


def request(name: str = NAME, version: str = "1.1.2", **changes: Any) -> PackageSource:
    return PackageSource(name=name, version=version, **changes)


class Reports:
    def __init__(self) -> None:
        self.lines: list[tuple[InstallPhase, str]] = []

    def __call__(self, phase: InstallPhase, message: str) -> None:
        self.lines.append((phase, message))


async def install(
    spawner: Spawner, folder: Path, wanted: PackageSource, *, seconds: float = 120
) -> tuple[InstalledFiles, Reports]:
    folder.mkdir(exist_ok=True)
    reports = Reports()
    installer = NpmInstaller(spawner, InstallLimits(timeout_seconds=seconds))
    return await installer.install(wanted, str(folder), reports), reports


async def failure(spawner: Spawner, folder: Path, wanted: PackageSource, **more: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        await install(spawner, folder, wanted, **more)
    return caught.value


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken and refuses every connection."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_an_exact_version_is_installed_with_its_proof_and_entry_point(
    spawner: Spawner, tmp_path: Path
) -> None:
    files, reports = await install(spawner, tmp_path, request(args=("--mine",)))
    assert files.version == "1.1.2"
    assert files.integrity.startswith("sha512-")
    assert len(files.integrity) == 95
    assert files.command == "node"
    script, mine = files.args
    assert mine == "--mine"
    assert script.startswith("{packageDir}/node_modules/mcp-hello-world/")
    assert Path(script.replace("{packageDir}", str(tmp_path))).is_file()
    assert reports.lines[0] == (InstallPhase.INSTALLING, "npm install mcp-hello-world@1.1.2")
    assert len(reports.lines) > 1


async def test_a_tag_is_recorded_as_the_version_it_stood_for(
    spawner: Spawner, tmp_path: Path
) -> None:
    files, _ = await install(spawner, tmp_path, request(version="latest"))
    assert files.version.count(".") == 2
    assert "latest" not in files.version


async def test_a_command_of_the_callers_replaces_the_entry_point(
    spawner: Spawner, tmp_path: Path
) -> None:
    wanted = request(command="my-node", args=("{packageDir}/x.js",))
    files, _ = await install(spawner, tmp_path, wanted)
    assert (files.command, files.args) == ("my-node", ("{packageDir}/x.js",))


async def test_an_unknown_package_is_not_found(spawner: Spawner, tmp_path: Path) -> None:
    name = "@mcp-api-tests/there-is-no-such-package"
    error = await failure(spawner, tmp_path, request(name, "latest"))
    assert (error.code, error.path) == (ErrorCode.PACKAGE_NOT_FOUND, ("name",))
    assert error.message == f"The npm registry has no package {name!r}."
    assert not (tmp_path / "node_modules").exists()


@pytest.mark.parametrize("version", ["99.99.99", "no-such-tag"])
async def test_an_unknown_version_is_not_found(
    spawner: Spawner, tmp_path: Path, version: str
) -> None:
    error = await failure(spawner, tmp_path, request(version=version))
    assert (error.code, error.path) == (ErrorCode.VERSION_NOT_FOUND, ("version",))
    assert error.message == f"mcp-hello-world has no version {version!r}."
    assert error.hint == "The nearest is 1.1.2."
    assert not (tmp_path / "node_modules").exists()


async def test_a_registry_that_is_away_is_told_from_a_missing_package(
    spawner: Spawner, tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed_port}/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    error = await failure(spawner, tmp_path / "p", request())
    assert error.code is ErrorCode.REGISTRY_UNAVAILABLE
    assert error.message == "npm cannot get an answer from its registry (ECONNREFUSED)."
    assert not (tmp_path / "p" / "node_modules").exists()


async def test_an_install_has_a_deadline(spawner: Spawner, tmp_path: Path) -> None:
    error = await failure(spawner, tmp_path, request(), seconds=0.05)
    assert error.code is ErrorCode.INSTALL_FAILED
    assert error.message == "npm did not finish with mcp-hello-world 1.1.2 within 0.05 s."


@pytest.mark.parametrize(
    ("name", "version"), [("../evil", "1.0.0"), ("--global", "1.0.0"), (NAME, "file:/etc")]
)
async def test_what_is_no_registry_name_never_reaches_npm(
    spawner: Spawner, tmp_path: Path, name: str, version: str
) -> None:
    error = await failure(spawner, tmp_path, request(name, version))
    assert error.code is ErrorCode.INVALID_INPUT
    assert list(tmp_path.iterdir()) == []


def test_scripts_run_only_when_asked_for_and_names_stand_behind_the_dashes() -> None:
    careful, trusting = _install(request()), _install(request(allow_scripts=True))
    assert "--ignore-scripts" in careful
    assert "--ignore-scripts" not in trusting
    for command in (careful, trusting):
        assert command[0] == "install"
        assert command[-2:] == ["--", "mcp-hello-world@1.1.2"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("npm error code E404", "E404"),
        ("npm ERR! code ETARGET", "ETARGET"),
        ("npm error network code", ""),
        ("npm error code", ""),
        ("added 1 package", ""),
    ],
)
def test_npms_own_name_for_a_failure_is_read(line: str, code: str) -> None:
    assert error_code(("npm http fetch GET 200", line)) == code
