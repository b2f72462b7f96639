"""Timers for what nearly always is over before they go off."""

import asyncio
from typing import Protocol

# Most requests and calls are over before it is worth watching them.
LATE_SECONDS = 0.05
# A loop that has much to do tells a little later.
MARGIN_SECONDS = 0.1


class Late(Protocol):
    """What may still be there."""

    def on_late(self) -> None:
        """It is."""


class Lookout:
    """Tells what is still there after `seconds`, or up to twice as long, that it is; once.

    A timer of the event loop takes microseconds to set and to take back; this, an entry in a dict.
    """

    def __init__(self, seconds: float = LATE_SECONDS) -> None:
        self.seconds = seconds
        self.latest_seconds = 2 * seconds + MARGIN_SECONDS
        """After how long everything has been told of."""
        self.loop: asyncio.AbstractEventLoop | None = None
        """The event loop, as long as there is something to watch."""
        self._young: dict[Late, None] = {}
        self._old: dict[Late, None] = {}

    def watch(self, what: Late) -> None:
        """Tell it, unless it is forgotten before; from now on, where it was watched already."""
        self._old.pop(what, None)
        self._young[what] = None
        if self.loop is None:
            self._tick_later(asyncio.get_running_loop())

    def forget(self, what: Late) -> None:
        """It is over; whether it was watched or not."""
        if what in self._young:
            del self._young[what]
        else:
            self._old.pop(what, None)

    def _tick_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        loop.call_later(self.seconds, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        late, self._old, self._young = self._old, self._young, {}
        for what in late:
            what.on_late()
        self.loop = None
        if self._old or self._young:
            self._tick_later(loop)
