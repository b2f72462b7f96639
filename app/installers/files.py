"""The folder that holds every installed package."""

import asyncio
import shutil
from pathlib import Path

from app.installers.sealing import is_sealed, seal, unseal


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
        return is_sealed(Path(self.path(install_dir)))

    async def seal(self, install_dir: str) -> None:
        """Take the permission to write from everything in it, once the install is proved.

        Files that an earlier install of the same versions has too are kept once.
        """
        await asyncio.to_thread(self._seal, Path(self.path(install_dir)))

    async def remove(self, install_dir: str) -> None:
        """Delete an install's folder, and the server's if it is empty then."""
        await asyncio.to_thread(self._remove, Path(self.path(install_dir)))

    async def list_all(self) -> list[str]:
        """Every install's folder, as given to `create`."""
        return await asyncio.to_thread(self._list_all)

    def _list_all(self) -> list[str]:
        found = [p for p in self._root.glob("*/*") if p.is_dir() and not p.is_symlink()]
        return [str(path.relative_to(self._root)) for path in found]

    def _seal(self, path: Path) -> None:
        seal(path, sorted(self._root.resolve().glob("*/*")))

    def _remove(self, path: Path) -> None:
        unseal(path)
        shutil.rmtree(path, ignore_errors=True)
        server = path.parent
        if server != self._root.resolve() and server.is_dir() and not any(server.iterdir()):
            server.rmdir()
