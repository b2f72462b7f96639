"""Reading a keyset listing to its end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from app.domain.page import MAX_PAGE, PageRequest

T = TypeVar("T")

FROM_THE_FIRST = PageRequest(MAX_PAGE, None)


async def every(
    read: Callable[[PageRequest], Awaitable[list[T]]],
    key: Callable[[T], str],
    start: PageRequest = FROM_THE_FIRST,
) -> AsyncIterator[T]:
    """All entries of a listing from a place on, in order, read page by page."""
    size, after = start.first, start.after
    while True:
        items = await read(PageRequest(size, after))
        for item in items[:size]:
            yield item
        if len(items) <= size:
            return
        after = key(items[size - 1])
