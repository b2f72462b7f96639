"""The folder that holds every installed package."""

import asyncio
import contextlib
import os
import shutil
import stat
from pathlib import Path

WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class PackageFolder:
    """`<root>/<server name>/<install id>` for each install."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, install_dir: str) -> str:
        """The absolute path of an install's folder.

        Raises:
            ValueError: The path would lead outside.
        """
        path = (self._root / install_dir).resolve()
        if not path.is_relative_to(self._root.resolve()) or path == self._root.resolve():
            raise ValueError(f"{install_dir!r} is no install folder")
        return str(path)

    async def create(self, install_dir: str) -> str:
        """Make an empty folder, and return its absolute path."""
        path = self.path(install_dir)
        await asyncio.to_thread(Path(path).mkdir, parents=True, mode=0o700)
        return path

    def is_whole(self, install_dir: str) -> bool:
        """Whether the folder is there, and sealed: an install of it was finished and proved."""
        try:
            mode = os.stat(self.path(install_dir)).st_mode  # noqa: PTH116 - before every call
        except OSError:
            return False
        return stat.S_ISDIR(mode) and not mode & WRITE

    async def seal(self, install_dir: str) -> None:
        """Take the permission to write from everything in it, once the install is proved."""
        await asyncio.to_thread(_seal, Path(self.path(install_dir)))

    async def remove(self, install_dir: str) -> None:
        """Delete an install's folder, and the server's if it is empty then."""
        await asyncio.to_thread(self._remove, Path(self.path(install_dir)))

    async def list_all(self) -> list[str]:
        """Every install's folder, as given to `create`."""
        return await asyncio.to_thread(self._list_all)

    def _list_all(self) -> list[str]:
        found = [p for p in self._root.glob("*/*") if p.is_dir() and not p.is_symlink()]
        return [str(path.relative_to(self._root)) for path in found]

    def _remove(self, path: Path) -> None:
        _unseal(path)
        shutil.rmtree(path, ignore_errors=True)
        server = path.parent
        if server != self._root.resolve() and server.is_dir() and not any(server.iterdir()):
            server.rmdir()


def _seal(folder: Path) -> None:
    for directory, _, names in os.walk(folder, topdown=False):
        for name in names:
            _take_write(os.path.join(directory, name))  # noqa: PTH118 - thousands of them
        _take_write(directory)


def _take_write(path: str) -> None:
    """Links are left alone: what they lead to is not ours (a venv's python)."""
    mode = os.lstat(path).st_mode
    if not stat.S_ISLNK(mode) and mode & WRITE:
        os.chmod(path, stat.S_IMODE(mode) & ~WRITE)  # noqa: PTH101 - thousands of them


def _unseal(folder: Path) -> None:
    """Give the folders back their owner's permission to write, which deleting needs."""
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    for directory, names, _ in os.walk(folder):
        for name in names:
            path = Path(directory, name)
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
