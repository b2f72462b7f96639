"""Looking after live sessions: those that nobody uses, and those that no longer answer."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from app.sessions.supervised import Supervised

TICK_SECONDS = 1.0
# A server of ours that has said nothing for so long is asked whether it is there.
PING_AFTER_SECONDS = 30.0
PING_SECONDS = 10.0
HUNG = f"it has not answered a ping for {PING_SECONDS:g} s"


class _Registry(Protocol):
    @property
    def entries(self) -> Sequence[Supervised]: ...

    def end_idle(self, entry: Supervised) -> None: ...


class Watch:
    """One task for all sessions of a registry."""

    def __init__(self, registry: _Registry) -> None:
        self._registry = registry
        self._task: asyncio.Task[None] | None = None
        self._pings: dict[Supervised, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin, if it has not begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="watch over sessions")

    async def close(self) -> None:
        """End, with every ping."""
        tasks = [*self._pings.values(), *([] if self._task is None else [self._task])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = loop.time()
            for entry in self._registry.entries:
                idle = entry.plan.idle_seconds
                if idle is not None and entry.is_idle and now - entry.usage.last_used >= idle:
                    self._registry.end_idle(entry)
                elif self._is_due(entry, now):
                    self._ping(entry)

    def _is_due(self, entry: Supervised, now: float) -> bool:
        live = entry.live
        if live is None or not live.is_usable or not live.wire.is_pinged or entry in self._pings:
            return False
        # A busy server may answer nothing until its call is done; but a call that was given up
        # says that this one may be past answering.
        if live.is_doubted:
            return True
        return entry.usage.count == 0 and now - live.wire.last_heard >= PING_AFTER_SECONDS

    def _ping(self, entry: Supervised) -> None:
        task = asyncio.create_task(self._check(entry), name=f"ping {entry.plan.key.server_name}")
        self._pings[entry] = task
        task.add_done_callback(lambda _: self._pings.pop(entry, None))

    async def _check(self, entry: Supervised) -> None:
        live = entry.live
        if live is not None and not await live.answers_within(PING_SECONDS):
            live.give_up(HUNG)
