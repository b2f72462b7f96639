"""When things were last used: noted at once, written a little later and all together."""

import asyncio
import logging
from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Generic, Protocol, TypeVar

from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.secret import SecretRef

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)

WRITE_SECONDS = 5.0
# What is used all the time is written again after so long: each time would cost more than the use.
AGAIN = timedelta(seconds=60)
BATCH = 500
# Beyond so many that could not be written, the oldest are forgotten.
MOST_NOTED = 100_000


class UseStore(Protocol[K]):
    """Where it is kept."""

    async def note_use(self, used: Mapping[K, datetime]) -> None:
        """Keep when each was used last."""


class LastUse(Generic[K]):
    """Keeps `last_used_at` of stored things, without slowing what uses them."""

    def __init__(self, store: UseStore[K]) -> None:
        self._store = store
        self._noted: dict[K, datetime] = {}
        self._written: dict[K, datetime] = {}  # what is stored, if it is not older than AGAIN

    def note(self, used: Iterable[K]) -> None:
        """These are being used now."""
        now = utc_now()
        for key in used:
            self._noted.pop(key, None)
            self._noted[key] = now
        while len(self._noted) > MOST_NOTED:
            del self._noted[next(iter(self._noted))]

    async def own(self) -> None:
        """Write what is due, every few seconds, and all at the end; until cancelled."""
        try:
            while True:
                await asyncio.sleep(WRITE_SECONDS)
                await self.write_due()
        finally:
            await self.write()

    async def write_due(self) -> None:
        """Write what was noted, but for what has been written within the last minute."""
        edge = utc_now() - AGAIN
        self._written = {key: at for key, at in self._written.items() if at > edge}
        due = [key for key in self._noted if key not in self._written]
        await self._write({key: self._noted.pop(key) for key in due})

    async def write(self) -> None:
        """Write what was noted; what cannot be written now is kept for the next time."""
        noted, self._noted = self._noted, {}
        await self._write(noted)

    async def _write(self, noted: dict[K, datetime]) -> None:
        while noted:
            batch = dict(islice(noted.items(), BATCH))
            try:
                await self._store.note_use(batch)
            except AppError as error:
                log.debug("When things were used could not be noted: %s", error.message)
                self._noted = {**noted, **self._noted}
                return
            self._written |= batch
            for key in batch:
                del noted[key]


SecretUse = LastUse[SecretRef]
TokenUse = LastUse[str]
