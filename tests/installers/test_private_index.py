"""An index of the operator's own: what is newest there, and that its password stays unseen."""

import hashlib
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource, ResolvedVersion, Runtime
from app.processes.spawner import Spawner
from tests.installers.indexes import PASSWORD, Release, index
from tests.installers.installing import install, installer

TINY = PackageSource(name="tiny", runtime=Runtime.PYTHON)
RELEASES = (
    Release("1.0"), Release("1.1"), Release("1.10"), Release("1.9"), Release("2.0rc1"),
    Release("1.11", is_yanked=True), Release("3.0", python=">=3.99"),
)  # fmt: skip


async def test_the_newest_is_a_release_that_is_not_yanked_and_fits_the_interpreter(
    spawner: Spawner, tmp_path: Path
) -> None:
    async with index(RELEASES) as url:
        pypi = installer(spawner, Runtime.PYTHON, cache=tmp_path / "cache", index_url=url)
        newest = await pypi.newest(TINY)
        digest = hashlib.sha256(Release("1.10").wheel()).hexdigest()
        assert newest == ResolvedVersion("1.10", f"sha256:{digest}")
        early = PackageSource(name="tiny", runtime=Runtime.PYTHON, version="2.0rc1")
        assert (await pypi.resolve(early)).version == "2.0rc1"


async def test_a_version_for_another_python_is_no_missing_one(
    spawner: Spawner, tmp_path: Path
) -> None:
    async with index(RELEASES) as url:
        pypi = installer(spawner, Runtime.PYTHON, cache=tmp_path / "cache", index_url=url)
        with pytest.raises(AppError) as caught:
            await pypi.resolve(PackageSource(name="tiny", runtime=Runtime.PYTHON, version="3.0"))
    assert caught.value.code is ErrorCode.INSTALL_FAILED
    assert "PYTHON_BIN" in caught.value.sentence()


async def test_the_password_of_an_index_is_in_nothing_that_stays_or_is_said(
    spawner: Spawner, tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    async with index(RELEASES) as url:
        files, reports = await install(
            spawner, folder, TINY, cache=tmp_path / "cache", index_url=url
        )
    assert (files.version, files.args) == ("1.10", ("-m", "tiny"))
    said = [repr(files), *(message for _, message in reports.lines)]
    kept = [p.read_bytes() for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
    assert kept
    assert not any(PASSWORD in text for text in said)
    assert not any(PASSWORD.encode() in content for content in kept)


async def test_an_index_that_refuses_is_not_taken_for_one_without_the_package(
    spawner: Spawner, tmp_path: Path
) -> None:
    async with index(RELEASES) as url:
        wrong = url.replace(PASSWORD, "wrong-password")
        pypi = installer(spawner, Runtime.PYTHON, cache=tmp_path / "cache", index_url=wrong)
        with pytest.raises(AppError) as caught:
            await pypi.newest(TINY)
    assert caught.value.code is ErrorCode.REGISTRY_UNAVAILABLE
    assert "401 Unauthorized" in caught.value.message
    assert "wrong-password" not in caught.value.sentence()
