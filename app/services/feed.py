"""A feed of events for everyone who listens: bounded, one queue for each reader."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Generic, TypeVar

from app.domain.errors import AppError, ErrorCode

T = TypeVar("T")

QUEUE_EVENTS = 1000


class _Reader(Generic[T]):
    """One subscriber's queue."""

    def __init__(self, wants: Callable[[T], bool]) -> None:
        self._wants = wants
        self.queue: asyncio.Queue[T] = asyncio.Queue(QUEUE_EVENTS)
        self.is_too_slow = False

    def offer(self, event: T) -> None:
        if not self._wants(event):
            return
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.is_too_slow = True


class Feed(Generic[T]):
    """Publishes without waiting; a reader who cannot keep up is told so and let go.

    `latest` is the last event, if there was one.
    """

    def __init__(self) -> None:
        self.latest: tuple[T, ...] = ()
        self._readers: set[_Reader[T]] = set()

    def publish(self, event: T) -> None:
        """Give the event to everyone who listens."""
        self.latest = (event,)
        for reader in self._readers:
            reader.offer(event)

    async def follow(
        self, wants: Callable[[T], bool], *, first: Iterable[T] = ()
    ) -> AsyncGenerator[T, None]:
        """The events that are wanted: `first`, then every one from now on.

        Raises:
            AppError: CONFLICT when the reader is a thousand events behind.
        """
        reader = _Reader(wants)
        self._readers.add(reader)
        try:
            for event in first:
                if wants(event):
                    yield event
            while not reader.is_too_slow:
                yield await reader.queue.get()
        finally:
            self._readers.discard(reader)
        raise AppError(
            ErrorCode.CONFLICT,
            f"This subscription was ended: it was {QUEUE_EVENTS} events behind.",
            hint="Read faster, or ask for the events of one server only.",
        )
