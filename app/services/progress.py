"""The feed of install progress, replayed to those who come late."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from app.domain.clock import utc_now
from app.domain.package import InstallPhase, PackageProgress
from app.domain.package_ports import Report
from app.domain.ports import SeenSecrets
from app.services.feed import Feed

KEPT_EVENTS = 100
# Of another process that was killed nobody hears how it ended.
FRESH = timedelta(hours=1)
LAST_PHASES = (InstallPhase.DONE, InstallPhase.FAILED)


class ProgressFeed:
    """What installs report, for everyone who listens; `tell` is given what this process does."""

    def __init__(self, seen: SeenSecrets, tell: Callable[[PackageProgress], None]) -> None:
        self._seen = seen
        self._tell = tell
        self._feed: Feed[PackageProgress] = Feed()
        self._running: dict[str, deque[PackageProgress]] = {}

    def reporter(self, server_name: str, package_name: str) -> Report:
        """A function that publishes events of one install."""

        def report(phase: InstallPhase, message: str) -> None:
            event = PackageProgress(
                server_name=server_name,
                package_name=package_name,
                phase=phase,
                message=self._seen.mask(message),
                at=utc_now(),
            )
            self.hear(event)
            self._tell(event)

        return report

    def follow(self, server_name: str | None) -> AsyncIterator[PackageProgress]:
        """Events of one server's install or of all, starting with those under way.

        Raises:
            AppError: CONFLICT when the reader is a thousand events behind.
        """
        return self._feed.follow(
            lambda event: server_name is None or server_name == event.server_name,
            first=[
                event for events in self._running.values() if _is_fresh(events) for event in events
            ],
        )

    def hear(self, event: PackageProgress) -> None:
        """Publish an event, of this process or of another one."""
        if event.phase in LAST_PHASES:
            self._running.pop(event.server_name, None)
        else:
            kept = self._running.setdefault(event.server_name, deque(maxlen=KEPT_EVENTS))
            kept.append(event)
        self._feed.publish(event)


def _is_fresh(events: deque[PackageProgress]) -> bool:
    return utc_now() - events[-1].at < FRESH
