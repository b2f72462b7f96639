"""A lock between processes, held through a file: it is free as soon as its holder is gone."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path

POLL_SECONDS = 0.1


@contextlib.asynccontextmanager
async def file_lock(path: Path) -> AsyncIterator[None]:
    """Wait for the lock, and hold it; the file is gone afterwards."""
    descriptor = _try(path)
    while descriptor is None:
        await asyncio.sleep(POLL_SECONDS)
        descriptor = _try(path)
    try:
        yield
    finally:
        _give_back(path, descriptor)


def _try(path: Path) -> int | None:
    """The locked file; None while somebody else holds it, or has just removed it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with contextlib.suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
    os.close(descriptor)
    return None


def _give_back(path: Path, descriptor: int) -> None:
    """Remove the file first, while nobody else can have locked it."""
    path.unlink(missing_ok=True)
    os.close(descriptor)
