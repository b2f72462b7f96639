"""Folders of finished installs: equal files share their disk space, and nobody writes to them."""

import contextlib
import filecmp
import os
import stat
from collections.abc import Iterable
from pathlib import Path

WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
# Equal lock files stand for equal trees.
LOCKS = ("package-lock.json", "pylock.toml")


def seal(folder: Path, others: Iterable[Path]) -> None:
    """Share what equals an earlier install of the same lock, and take the permission to write.

    Sharing is by hard links, after comparing every byte: no install can put anything into
    another one. What cannot be linked stays as it is.
    """
    twin = _find_twin(folder, others)
    for directory, _, names in os.walk(folder, topdown=False):
        if twin is not None:
            for name in names:
                path = Path(directory, name)
                _share(path, twin / path.relative_to(folder))
        for name in names:
            _take_write(Path(directory, name))
        _take_write(Path(directory))


def is_sealed(folder: Path) -> bool:
    """Whether the folder is there and was sealed to the end: its own mode is the last one taken."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and not mode & WRITE


def unseal(folder: Path) -> None:
    """Give the folders back their owner's permission to write, which deleting needs."""
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    for directory, names, _ in os.walk(folder):
        for name in names:
            path = Path(directory, name)
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)


def _find_twin(folder: Path, others: Iterable[Path]) -> Path | None:
    """A sealed install with the same lock file."""
    for lock in LOCKS:
        if (folder / lock).is_file():
            return next((o for o in others if _is_twin(folder, o, lock)), None)
    return None


def _is_twin(folder: Path, other: Path, lock: str) -> bool:
    try:
        return (
            other != folder
            and is_sealed(other)
            and filecmp.cmp(folder / lock, other / lock, shallow=False)
        )
    except OSError:
        return False


def _share(path: Path, twin: Path) -> None:
    """Make the file a link to the twin's, if they are equal; the twin may vanish meanwhile."""
    with contextlib.suppress(OSError):
        mine, other = path.lstat(), twin.lstat()
        is_same = mine.st_ino == other.st_ino or not stat.S_ISREG(mine.st_mode)
        is_alike = stat.S_ISREG(other.st_mode) and mine.st_size == other.st_size > 0
        is_alike = is_alike and not (mine.st_mode ^ other.st_mode) & stat.S_IXUSR
        if is_same or not is_alike or not filecmp.cmp(path, twin, shallow=False):
            return
        link = path.with_name(f".{path.name[:200]}.link")
        link.hardlink_to(twin)
        link.replace(path)


def _take_write(path: Path) -> None:
    """Links are left alone: what they lead to is not ours (a venv's python)."""
    with contextlib.suppress(FileNotFoundError):  # a file that the server has deleted
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & WRITE:
            path.chmod(stat.S_IMODE(mode) & ~WRITE)
