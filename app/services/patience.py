"""Reads of those who can wait: a subscription outlives a moment without a database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.domain.errors import AppError, ErrorCode

T = TypeVar("T")
RETRY_SECONDS = 0.5


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What is read, as soon as the database is there; whoever waits can be cancelled."""
    while True:
        try:
            return await read()
        except AppError as error:
            if error.code is not ErrorCode.DATABASE_UNAVAILABLE:
                raise
        await asyncio.sleep(RETRY_SECONDS)
