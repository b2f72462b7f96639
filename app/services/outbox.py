"""Telling the other processes of the deployment, workers and replicas."""

import asyncio
import logging

from app.domain.errors import AppError
from app.domain.signals import Signal, SignalStore

log = logging.getLogger(__name__)

MOST_WAITING = 1000


class Outbox:
    """What is told in passing: posted in order, and left out when there is too much of it."""

    def __init__(self, store: SignalStore) -> None:
        self._store = store
        self._waiting: asyncio.Queue[Signal] = asyncio.Queue(MOST_WAITING)

    def put(self, signal: Signal) -> None:
        """Post it soon."""
        if not self._waiting.full():
            self._waiting.put_nowait(signal)

    async def own(self) -> None:
        """Post until cancelled."""
        while True:
            signal = await self._waiting.get()
            try:
                await self._store.post(signal)
            except AppError as error:
                log.debug("Other processes are not told: %s", error.message)
