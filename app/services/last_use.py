"""When things were last used: noted at once, written a little later and all together."""

import asyncio
import logging
from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.secret import SecretRef

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)

WRITE_SECONDS = 5.0
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

    def note(self, used: Iterable[K]) -> None:
        """These are being used now."""
        now = utc_now()
        for key in used:
            self._noted.pop(key, None)
            self._noted[key] = now
        while len(self._noted) > MOST_NOTED:
            del self._noted[next(iter(self._noted))]

    async def own(self) -> None:
        """Write what was noted, every few seconds and once more at the end; until cancelled."""
        try:
            while True:
                await asyncio.sleep(WRITE_SECONDS)
                await self.write()
        finally:
            await self.write()

    async def write(self) -> None:
        """Write what was noted; what cannot be written now is kept for the next time."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await self._store.note_use(noted)
        except AppError as error:
            log.debug("When things were used could not be noted: %s", error.message)
            self._noted = {**noted, **self._noted}


SecretUse = LastUse[SecretRef]
TokenUse = LastUse[str]
