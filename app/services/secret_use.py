"""When secrets were last used: noted at once, written a little later and all together."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime

from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.ports import SecretStore
from app.domain.secret import SecretRef

log = logging.getLogger(__name__)

WRITE_SECONDS = 5.0
# Beyond so many that could not be written, the oldest are forgotten.
MOST_NOTED = 100_000


class SecretUse:
    """Keeps `last_used_at` of stored secrets, without slowing a call."""

    def __init__(self, store: SecretStore) -> None:
        self._store = store
        self._noted: dict[SecretRef, datetime] = {}

    def note(self, refs: Iterable[SecretRef]) -> None:
        """These are being used now."""
        now = utc_now()
        for ref in refs:
            self._noted.pop(ref, None)
            self._noted[ref] = now
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
            log.debug("The use of secrets could not be noted: %s", error.message)
            self._noted = {**noted, **self._noted}
