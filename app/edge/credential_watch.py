"""Ending streams whose caller is not known any more: the token has expired or was revoked."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from datetime import datetime
from typing import TypeVar

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.principal import Principal
from app.services.authentication import Authentication

T = TypeVar("T")

# A revoked token keeps an open stream for so long at most; one that expires not a moment longer.
LOOK_SECONDS = 5.0
# An expired token is still good while clocks may differ: whether that is over is asked so often.
LEEWAY_LOOK_SECONDS = 1.0
SHORTEST_PAUSE_SECONDS = 0.01


async def until_unknown(
    authentication: Authentication, authorization: str | None, caller: Principal
) -> AppError:
    """Return once that Authorization header is no longer good, and why."""
    expires_at = caller.expires_at
    while True:
        await asyncio.sleep(_pause(expires_at))
        try:
            expires_at = (await authentication.principal(authorization)).expires_at
        except AppError as error:
            if error.code is ErrorCode.UNAUTHENTICATED:
                return error
            if _is_over(expires_at):  # whoever could say more is away
                return error


async def while_known(
    items: AsyncIterable[T],
    authentication: Authentication,
    authorization: str | None,
    caller: Principal,
) -> AsyncGenerator[T, None]:
    """The items of a stream until it ends, or its caller is not known any more."""
    end = asyncio.create_task(until_unknown(authentication, authorization, caller))
    source = aiter(items)
    try:
        while True:
            item = asyncio.ensure_future(_next(source))
            try:
                await asyncio.wait({item, end}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not item.done():
                    item.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await item
            if item.cancelled():
                return
            try:
                yield item.result()
            except StopAsyncIteration:
                return
    finally:
        end.cancel()
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()


async def _next(source: AsyncIterator[T]) -> T:
    return await anext(source)


def _pause(expires_at: datetime | None) -> float:
    if expires_at is None:
        return LOOK_SECONDS
    left = (expires_at - utc_now()).total_seconds()
    if left <= 0:
        return LEEWAY_LOOK_SECONDS
    return max(SHORTEST_PAUSE_SECONDS, min(LOOK_SECONDS, left))


def _is_over(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at <= utc_now()
