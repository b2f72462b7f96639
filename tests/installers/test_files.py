"""The folder of installed packages: private, contained, and tidied."""

import stat
from pathlib import Path

import pytest

from app.installers.files import PackageFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "packages"


async def test_an_install_gets_an_empty_private_folder(root: Path) -> None:
    files = PackageFolder(root)
    path = Path(await files.create("server/1"))
    assert path == root / "server" / "1" == Path(files.path("server/1"))
    assert list(path.iterdir()) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


async def test_no_two_installs_share_a_folder(root: Path) -> None:
    files = PackageFolder(root)
    (Path(await files.create("server/1")) / "mine").write_text("x")
    with pytest.raises(FileExistsError):
        await files.create("server/1")
    assert (root / "server" / "1" / "mine").read_text() == "x"


@pytest.mark.parametrize("name", ["..", "../x", "a/../../x", "/etc", ".", "", "a/.."])
async def test_a_path_that_leads_elsewhere_is_refused(root: Path, name: str) -> None:
    files = PackageFolder(root)
    await files.create("server/1")
    outside = root.parent / "x"
    outside.mkdir()
    with pytest.raises(ValueError):
        files.path(name)
    with pytest.raises(ValueError):
        await files.remove(name)
    assert outside.is_dir()
    assert (root / "server" / "1").is_dir()


async def test_removing_an_install_leaves_its_neighbours(root: Path) -> None:
    files = PackageFolder(root)
    for name in ("server/1", "server/2", "other/1"):
        await files.create(name)
    await files.remove("server/1")
    await files.remove("server/1")
    await files.remove("other/1")
    await files.seal("server/2")
    assert sorted(str(p.relative_to(root)) for p in root.rglob("*")) == ["server", "server/2"]


async def test_a_folder_is_whole_from_its_seal_to_its_removal(root: Path) -> None:
    files = PackageFolder(root)
    assert not files.is_whole("s/1")
    await files.create("s/1")
    assert not files.is_whole("s/1")
    await files.seal("s/1")
    assert files.is_whole("s/1")
    await files.remove("s/1")
    assert not files.is_whole("s/1")
    assert [*root.rglob("*")] == []


async def test_every_install_on_disk_is_listed_and_nothing_else(root: Path) -> None:
    files = PackageFolder(root)
    assert sorted(await files.list_all()) == []
    for name in ("b/2", "b/1", "a/1"):
        await files.create(name)
    (root / "a" / "file").write_text("x")
    (root / "a" / "link").symlink_to(root.parent)
    assert sorted(await files.list_all()) == ["a/1", "b/1", "b/2"]
