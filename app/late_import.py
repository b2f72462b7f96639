"""Importing heavy libraries after the start, beside requests."""

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_one_at_a_time = threading.Lock()


async def import_late(work: Callable[[], T]) -> T:
    """What `work` returns, which imports something heavy, in a thread.

    One at a time: of two threads that import packages with circles in them, Python hands one a
    half-made module rather than let them wait for each other for ever (importlib's deadlock
    avoidance), and it fails with an ImportError.
    """

    def locked() -> T:
        with _one_at_a_time:
            made = work()
            gc.freeze()  # what was imported stays: looking through it costs 60 ms each time
            return made

    return await asyncio.to_thread(locked)
