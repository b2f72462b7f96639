"""Reading a keyset listing to its end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from app.domain.page import MAX_PAGE, PageRequest

T = TypeVar("T")


async def every(
    read: Callable[[PageRequest], Awaitable[list[T]]], key: Callable[[T], str]
) -> AsyncIterator[T]:
    """All entries of a listing, in order, read page by page."""
    after: str | None = None
    while True:
        items = await read(PageRequest(MAX_PAGE, after))
        for item in items[:MAX_PAGE]:
            yield item
        if len(items) <= MAX_PAGE:
            return
        after = key(items[MAX_PAGE - 1])
