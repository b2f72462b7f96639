"""The folder that holds every installed package."""

import asyncio
import os
import shutil
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from app.installers.sealing import seal, unseal
from app.processes.file_lock import file_lock

LOCKS = ".locks"


class PackageFolder:
    """`<root>/<server name>/<install id>` for each install."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._resolved = os.path.realpath(root)

    def path(self, install_dir: str) -> str:
        """The absolute path of an install's folder.

        Raises:
            ValueError: The path would lead outside.
        """
        # Every call of a tool asks for it: told from the names alone, without looking at the disk.
        path = os.path.normpath(f"{self._resolved}/{install_dir}")
        if not path.startswith(f"{self._resolved}{os.sep}") or Path(install_dir).is_absolute():
            raise ValueError(f"{install_dir!r} is no install folder")
        return path

    async def create(self, install_dir: str) -> str:
        """Make an empty folder, and return its absolute path."""
        path = self.path(install_dir)
        await asyncio.to_thread(_create, Path(path))
        return path

    def is_whole(self, install_dir: str) -> bool:
        """Whether the folder is there, and was sealed after it was created."""
        path = Path(self.path(install_dir))
        return path.is_dir() and not _mark(path).exists()

    async def seal(self, install_dir: str) -> None:
        """Take the permission to write from everything in it, once the install is proved.

        Files that an earlier install of the same versions has too are kept once.
        """
        await asyncio.to_thread(self._seal, Path(self.path(install_dir)))

    async def remove(self, install_dir: str) -> None:
        """Delete an install's folder, and the server's if it is empty then."""
        await asyncio.to_thread(self._remove, Path(self.path(install_dir)))

    def claim(self, install_dir: str) -> AbstractAsyncContextManager[None]:
        """Wait until no other process that shares the folder fills that install's, and let none."""
        return file_lock(self._root / LOCKS / install_dir.replace("/", " "))

    async def list_all(self) -> list[str]:
        """Every install's folder, as given to `create`."""
        return await asyncio.to_thread(self._list_all)

    def _list_all(self) -> list[str]:
        found = [p for p in self._root.glob("*/*") if p.is_dir() and not p.is_symlink()]
        return [str(path.relative_to(self._root)) for path in found]

    def _seal(self, path: Path) -> None:
        seal(path, sorted(self._root.resolve().glob("*/*")))
        _mark(path).unlink(missing_ok=True)

    def _remove(self, path: Path) -> None:
        unseal(path)
        shutil.rmtree(path, ignore_errors=True)
        _mark(path).unlink(missing_ok=True)
        server = path.parent
        if server != self._root.resolve() and server.is_dir() and not any(server.iterdir()):
            server.rmdir()


def _create(path: Path) -> None:
    """The mark comes first: whatever ends us, a folder without one is finished."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _mark(path).touch()
    path.mkdir(mode=0o700)


def _mark(path: Path) -> Path:
    """The file beside a folder that says that an install into it is not finished."""
    return path.with_name(f".{path.name}.unfinished")
