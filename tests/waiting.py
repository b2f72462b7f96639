"""Waiting for a thing to become true, with a deadline."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from app.domain.errors import AppError, ErrorCode

T = TypeVar("T")

DEADLINE_SECONDS = 10.0
PAUSE_SECONDS = 0.01


async def until(condition: Callable[[], object], *, seconds: float = DEADLINE_SECONDS) -> None:
    """Return once the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        await asyncio.sleep(PAUSE_SECONDS)


async def eventually(work: Callable[[], Awaitable[T]], *, seconds: float = DEADLINE_SECONDS) -> T:
    """What the work returns once it no longer fails because the database is away."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await work()
        except AppError as error:
            if error.code is not ErrorCode.DATABASE_UNAVAILABLE or time.monotonic() > deadline:
                raise
        await asyncio.sleep(PAUSE_SECONDS)


def is_alive(pid: int) -> bool:
    """Whether the process exists and is no zombie (Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def open_files() -> int:
    """How many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))
