"""A private file of lines that outlives the process."""

import os
from collections.abc import Sequence
from pathlib import Path


class LineFile:
    """Lines in one file, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[bytes]:
        """The lines that are there; none when there is no file."""
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def write(self, lines: Sequence[bytes]) -> None:
        """Replace the file; it is on the disk when this returns."""
        draft = self._path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(line + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def clear(self) -> None:
        """Remove the file; fine when there is none."""
        self._path.unlink(missing_ok=True)
