"""The feed of install progress: bounded, replayed to those who come late."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallPhase, PackageProgress
from app.domain.ports import Report, SeenSecrets

KEPT_EVENTS = 100
QUEUE_EVENTS = 1000
LAST_PHASES = (InstallPhase.DONE, InstallPhase.FAILED)


class _Reader:
    """One subscriber's queue."""

    def __init__(self, server_name: str | None) -> None:
        self.server_name = server_name
        self.queue: asyncio.Queue[PackageProgress] = asyncio.Queue(QUEUE_EVENTS)
        self.is_too_slow = False

    def wants(self, event: PackageProgress) -> bool:
        return self.server_name is None or self.server_name == event.server_name

    def offer(self, event: PackageProgress) -> None:
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.is_too_slow = True


class ProgressFeed:
    """What installs report, for everyone who listens."""

    def __init__(self, seen: SeenSecrets) -> None:
        self._seen = seen
        self._readers: set[_Reader] = set()
        self._running: dict[str, deque[PackageProgress]] = {}

    def reporter(self, server_name: str, package_name: str) -> Report:
        """A function that publishes events of one install."""

        def report(phase: InstallPhase, message: str) -> None:
            self._publish(
                PackageProgress(
                    server_name=server_name,
                    package_name=package_name,
                    phase=phase,
                    message=self._seen.mask(message),
                    at=utc_now(),
                )
            )

        return report

    async def follow(self, server_name: str | None) -> AsyncIterator[PackageProgress]:
        """Events of one server's install or of all, starting with those under way.

        Raises:
            AppError: CONFLICT when the reader is a thousand events behind.
        """
        reader = _Reader(server_name)
        for events in self._running.values():
            for event in events:
                if reader.wants(event):
                    reader.offer(event)
        self._readers.add(reader)
        try:
            while not reader.is_too_slow:
                yield await reader.queue.get()
        finally:
            self._readers.discard(reader)
        raise AppError(
            ErrorCode.CONFLICT,
            f"This subscription was ended: it was {QUEUE_EVENTS} events behind.",
            hint="Read faster, or ask for one serverName only.",
        )

    def _publish(self, event: PackageProgress) -> None:
        if event.phase in LAST_PHASES:
            self._running.pop(event.server_name, None)
        else:
            kept = self._running.setdefault(event.server_name, deque(maxlen=KEPT_EVENTS))
            kept.append(event)
        for reader in self._readers:
            if reader.wants(event):
                reader.offer(event)
