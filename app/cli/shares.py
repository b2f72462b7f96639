"""How many connections each worker has, in memory that all of them see."""

import mmap
import tempfile
from collections.abc import Callable
from typing import IO, TypeVar

from app.settings import MOST_WORKERS

T = TypeVar("T")

NOBODY = 0xFFFF_FFFF
CELL_BYTES = 4


def make_shares() -> IO[bytes]:
    """The memory, as an open file without a name; nobody is there yet."""
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - its parent keeps it
    file.write(b"\xff" * (CELL_BYTES * MOST_WORKERS))
    return file


class Shares:
    """The memory behind such a file's descriptor. One worker writes each cell, in one piece."""

    def __init__(self, descriptor: int) -> None:
        self._cells = memoryview(mmap.mmap(descriptor, CELL_BYTES * MOST_WORKERS)).cast("I")

    def tell(self, number: int, connections: int) -> None:
        """So many the worker of that number has; NOBODY when it is not at work."""
        self._cells[number - 1] = connections

    def least_of_others(self, number: int) -> int:
        """The fewest that any other has who is at work."""
        return min((n for i, n in enumerate(self._cells, 1) if i != number), default=NOBODY)


class Counted(set[T]):
    """A set that tells its size at every change."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def add(self, element: T) -> None:
        """Add it."""
        super().add(element)
        self._tell()

    def discard(self, element: object) -> None:
        """Leave it out."""
        super().discard(element)
        self._tell()

    def remove(self, element: T) -> None:
        """Leave it out; it must be in."""
        super().remove(element)
        self._tell()
