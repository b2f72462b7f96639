"""Private files for children, in a folder that is emptied at every start."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path


class PrivateFiles:
    """Folders of their owner only, one for each child that needs some."""

    def __init__(self, root: Path) -> None:
        """Empty the root: what an earlier life left there is nobody's."""
        self._root = root
        shutil.rmtree(root, ignore_errors=True)

    def write(self, contents: Mapping[str, str]) -> tuple[Path, dict[str, str]]:
        """A new folder with one file for each name, and the files' paths by name."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._root))  # mode 0700
        paths = {}
        for name, content in contents.items():
            path = folder / name
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            paths[name] = str(path)
        return folder, paths

    def remove(self, folder: Path) -> None:
        """Delete a folder and what is in it."""
        shutil.rmtree(folder, ignore_errors=True)
