"""A finished install: read-only, sharing its disk space with its equals, and still removable."""

import os
import stat
import subprocess
from pathlib import Path

from app.installers.files import PackageFolder

LOCK = '{"lockfileVersion": 3}'


async def installed(root: Path, name: str, files: dict[str, str], lock: str = LOCK) -> Path:
    folder = Path(await PackageFolder(root).create(name))
    for path, text in {"package-lock.json": lock, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


async def sealed(root: Path, name: str, files: dict[str, str], lock: str = LOCK) -> Path:
    folder = await installed(root, name, files, lock)
    await PackageFolder(root).seal(name)
    return folder


def inode(path: Path) -> int:
    return path.stat().st_ino


async def test_nothing_in_a_sealed_install_has_permission_to_be_written(tmp_path: Path) -> None:
    folder = await sealed(tmp_path, "s/1", {"a/b/c.js": "x", "bin": "y"})
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in [folder, *folder.rglob("*")]}
    assert len(modes) == 6
    assert [p for p, mode in modes.items() if mode & 0o222] == []
    assert (folder / "a/b/c.js").read_text() == "x"


def can_write(folder: Path, name: str) -> bool:
    """Whether the folder's owner can, who is not root (on whom permissions are not binding)."""
    user = 65534 if os.geteuid() == 0 else None
    for path in (folder, *folder.rglob("*")):
        if user is not None:
            os.chown(path, user, user)
    command = ["/bin/sh", "-c", 'echo mine > "$0"', name]
    return subprocess.run(command, cwd=folder, user=user, capture_output=True).returncode == 0


async def test_a_child_cannot_write_into_a_sealed_install(tmp_path: Path) -> None:
    folder = await installed(tmp_path, "s/1", {"a/c.js": "x"})
    assert can_write(folder, "a/c.js")
    await PackageFolder(tmp_path).seal("s/1")
    assert [name for name in ("new", "a/new", "a/c.js") if can_write(folder, name)] == []
    assert (folder / "a/c.js").read_text() == "mine\n"


async def test_what_a_link_leads_to_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "python").write_text("x")
    (outside / "python").chmod(0o755)
    folder = await installed(tmp_path / "p", "s/1", {})
    (folder / "python").symlink_to(outside / "python")
    (folder / "dir").symlink_to(outside)
    await PackageFolder(tmp_path / "p").seal("s/1")
    await PackageFolder(tmp_path / "p").remove("s/1")
    assert stat.S_IMODE((outside / "python").stat().st_mode) == 0o755
    assert stat.S_IMODE(outside.stat().st_mode) & 0o200
    assert not folder.exists()


async def test_a_sealed_install_is_removed_whole_and_its_equal_stays(tmp_path: Path) -> None:
    one = await sealed(tmp_path, "a/1", {"d/x.js": "same"})
    other = await sealed(tmp_path, "b/1", {"d/x.js": "same"})
    assert inode(one / "d/x.js") == inode(other / "d/x.js")
    await PackageFolder(tmp_path).remove("a/1")
    assert not (tmp_path / "a").exists()
    assert (other / "d/x.js").read_text() == "same"
    assert (other / "d/x.js").stat().st_nlink == 1


async def test_only_equal_files_are_shared(tmp_path: Path) -> None:
    one = await sealed(tmp_path, "a/1", {"same": "1", "other": "1", "empty": "", "gone": "1"})
    other = await sealed(tmp_path, "b/1", {"same": "1", "other": "2", "empty": "", "new": "1"})
    assert inode(one / "same") == inode(other / "same")
    assert inode(one / "empty") != inode(other / "empty")
    assert (one / "other").read_text() == "1"
    assert (other / "other").read_text() == "2"
    assert sorted(p.name for p in other.iterdir()) == [
        "empty", "new", "other", "package-lock.json", "same",
    ]  # fmt: skip


async def test_installs_of_other_versions_or_still_open_are_not_looked_at(tmp_path: Path) -> None:
    other = await sealed(tmp_path, "a/1", {"x": "1"}, lock="another")
    still_open = await installed(tmp_path, "b/1", {"x": "1"})
    mine = await sealed(tmp_path, "c/1", {"x": "1"})
    assert len({inode(f / "x") for f in (other, still_open, mine)}) == 3


async def test_a_program_is_not_shared_with_what_is_none(tmp_path: Path) -> None:
    one = await sealed(tmp_path, "a/1", {"x": "1"})
    other = await installed(tmp_path, "b/1", {"x": "1"})
    (other / "x").chmod(0o755)
    await PackageFolder(tmp_path).seal("b/1")
    assert inode(one / "x") != inode(other / "x")
    assert stat.S_IMODE((other / "x").stat().st_mode) == 0o555
