"""Installs from the real npm registry, and what its failures come to."""

from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallPhase, PackageSource, Runtime
from app.domain.package_rules import is_newer
from app.installers.npm import _install
from app.installers.npm_client import npm_for
from app.installers.npm_failures import error_code, why_npm_failed
from app.processes.spawner import Spawner
from tests.installers.installing import failure, install, installer, talk

NAME = "mcp-hello-world"


def request(name: str = NAME, version: str = "1.1.2", **changes: Any) -> PackageSource:
    return PackageSource(name=name, version=version, **changes)


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
    assert reports.lines[0] == (InstallPhase.RESOLVING, "npm install mcp-hello-world@1.1.2")
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
    assert (error.code, error.path) == (ErrorCode.PACKAGE_NOT_FOUND, ("packageName",))
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


async def test_a_registry_that_is_away_is_known_before_a_lookup_has_to_end(
    spawner: Spawner, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("npm_config_fetch_retries", raising=False)
    away = request(registry=f"http://127.0.0.1:{closed_port}/")
    with pytest.raises(AppError) as caught:
        await installer(spawner, Runtime.NODE).resolve(away)
    assert caught.value.code is ErrorCode.REGISTRY_UNAVAILABLE
    assert "ECONNREFUSED" in caught.value.message


def test_the_operators_own_pauses_between_tries_are_kept(
    spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_CONFIG_FETCH_RETRY_MINTIMEOUT", "20000")
    env = npm_for(request(), spawner, cwd="/", seconds=1.0).env
    assert "npm_config_fetch_retry_mintimeout" not in env
    assert env["npm_config_fetch_retry_maxtimeout"] == "5000"


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


MEMORY = "@modelcontextprotocol/server-memory"


async def test_a_range_and_the_newest_are_resolved_without_installing(spawner: Spawner) -> None:
    npm = installer(spawner, Runtime.NODE)
    in_range = await npm.resolve(request(MEMORY, ">=2025.4 <2025.9"))
    newest = await npm.newest(request(MEMORY, "2025.4.25"))
    assert in_range.version == "2025.8.4"
    assert in_range.integrity is not None
    assert in_range.integrity.startswith("sha512-YqSHUNk6")
    assert is_newer(Runtime.NODE, newest.version, in_range.version)
    assert await npm.resolve(request(MEMORY, "latest")) == newest


async def test_a_range_is_installed_as_the_version_it_is_resolved_to(
    spawner: Spawner, tmp_path: Path
) -> None:
    files, reports = await install(spawner, tmp_path, request(MEMORY, "2025.4.x"))
    assert files.version == "2025.4.25"
    assert (await talk(files, tmp_path))[0][:3] == [
        "add_observations", "create_entities", "create_relations",
    ]  # fmt: skip
    phases = [p for p in reports.phases() if p is not InstallPhase.DOWNLOADING]  # if not cached
    assert phases == [InstallPhase.RESOLVING, InstallPhase.INSTALLING]


async def test_the_nearest_versions_are_named(spawner: Spawner) -> None:
    with pytest.raises(AppError) as caught:
        await installer(spawner, Runtime.NODE).resolve(request(MEMORY, "2025.5.1"))
    assert caught.value.code is ErrorCode.VERSION_NOT_FOUND
    assert caught.value.hint == "The nearest are 0.6.2, 2025.4.25, 2025.8.4, 2025.9.25."


async def test_a_registry_of_the_packages_own_goes_before_the_operators(
    spawner: Spawner, tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    away = request(registry=f"http://127.0.0.1:{closed_port}/")
    error = await failure(spawner, tmp_path / "p", away)
    assert error.code is ErrorCode.REGISTRY_UNAVAILABLE
    with pytest.raises(AppError) as caught:
        await installer(spawner, Runtime.NODE).newest(away)
    assert caught.value.code is ErrorCode.REGISTRY_UNAVAILABLE


async def test_a_package_without_any_program_cannot_be_started(
    spawner: Spawner, tmp_path: Path
) -> None:
    error = await failure(spawner, tmp_path, request("@types/ms", "2.1.0"))
    assert error.code is ErrorCode.INSTALL_FAILED
    assert error.message.startswith("@types/ms has neither 'bin' nor a 'main'")


async def test_there_must_be_room_on_the_disk(spawner: Spawner, tmp_path: Path) -> None:
    error = await failure(spawner, tmp_path, request(), least_free_bytes=2**60)
    assert error.code is ErrorCode.INSTALL_FAILED
    assert error.hint == "Make room, or set INSTALL_FREE_SPACE to less."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["npm error code E404", "npm error 404  'other@1' is not in this registry."],
         ErrorCode.INSTALL_FAILED),
        (["npm error code E404", "npm error 404  'pkg@1' is not in this registry."],
         ErrorCode.PACKAGE_NOT_FOUND),
        (["npm error code E401", "npm error Incorrect or missing password."],
         ErrorCode.REGISTRY_UNAVAILABLE),
        (["npm error code EBADPLATFORM", "npm error notsup pkg@1: wanted win32"],
         ErrorCode.INSTALL_FAILED),
    ],
    ids=["dependency-unknown", "package-unknown", "refused", "platform"],
)  # fmt: skip
def test_npms_failures_are_told_apart(lines: list[str], code: ErrorCode) -> None:
    error = why_npm_failed(request("pkg", "1.0.0"), error_code(lines), lines)
    assert error.code is code
    if code is ErrorCode.INSTALL_FAILED:
        assert lines[-1] in error.message


def test_npm_gets_its_own_settings_and_no_secret_of_the_gateway(
    spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETS_KEY", "planted")
    monkeypatch.setenv("MONGO_PASS", "planted")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://operator/")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy/")
    plain = npm_for(request(), spawner, cwd="/", seconds=1).env
    assert "planted" not in plain.values()
    assert (plain["NPM_CONFIG_REGISTRY"], plain["HTTPS_PROXY"]) == (
        "http://operator/",
        "http://proxy/",
    )
    own = npm_for(request(registry="http://own/"), spawner, cwd="/", seconds=1).env
    assert [v for k, v in own.items() if k.lower() == "npm_config_registry"] == ["http://own/"]
