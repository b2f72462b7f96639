"""Keeping records of what was done: taken at once, written a little later, many together."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count, islice
from time import time_ns
from uuid import uuid4

from app.domain.audit import AuditRecord, cut_name
from app.domain.audit_lines import from_line, to_line
from app.domain.audit_ports import AuditStore, Lines
from app.domain.errors import AppError

log = logging.getLogger(__name__)

# What waits for the database at most; beyond it records are counted and dropped.
MOST_WAITING = 20_000
BATCH = 500
# What comes within so long is written together.
GATHER_SECONDS = 0.2
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 1.5

_sequence = count()
_writer = uuid4().hex[:12]


def next_id(nanoseconds: int | None = None) -> str:
    """An id that no other record has and that sorts after the earlier ones of this process.

    With what `time_ns` said, where it has been asked already.
    """
    now = time_ns() if nanoseconds is None else nanoseconds
    # 12 digits say the millisecond, and 6 count; written at once, for that is quicker.
    return f"{now // 1_000_000 << 24 | next(_sequence) & 0xFFFFFF:018x}{_writer}"


class AuditLog:
    """Takes records without waiting, and owns their way into the database.

    What the database has not acknowledged is written again; a record's id keeps it single. At a
    clean stop without a database what is left goes to the disk, and from there to the database
    after the next start.
    """

    def __init__(
        self,
        store: AuditStore,
        backlog: Lines,
        mask: Callable[[str], str],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.store = store
        self._backlog = backlog
        self._mask = mask
        self._most = most_waiting
        self._waiting: deque[AuditRecord] = deque()
        self._lost = 0
        self._has_some = asyncio.Event()
        self._is_behind = self._has_backlog = False
        self._writing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many records the database has not acknowledged yet."""
        return len(self._waiting)

    def add(self, record: AuditRecord) -> None:
        """Keep a record; takes a microsecond and never fails."""
        if len(self._waiting) >= self._most:
            if not self._lost:
                log.error(
                    "%d audit records wait for the database. Until it is back further ones are "
                    "dropped, and the first that is kept again says how many.",
                    self._most,
                )
            self._lost += 1
            return
        if self._lost:
            record, self._lost = record._replace(lost_before=self._lost), 0
        self._waiting.append(record)
        self._has_some.set()

    def start(self) -> None:
        """Write in the background from now on, what an earlier life left behind included."""
        self._take_up_backlog()
        self._writing = asyncio.create_task(self._own(), name="audit records")

    async def close(self) -> None:
        """Write what is left, or put it on the disk."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.write()
        except (AppError, TimeoutError):
            self._backlog.write([to_line(each) for each in self._presentable(self._waiting)])
            log.warning("%d audit records wait on the disk for the next start.", self.waiting)

    async def write(self) -> None:
        """Write all that waits now; what comes meanwhile gathers for the next time.

        Raises:
            AppError: DATABASE_UNAVAILABLE; nothing of it is lost.
        """
        left = len(self._waiting)
        while left > 0:
            batch = [*islice(self._waiting, min(left, BATCH))]
            left -= len(batch)
            await self._append(batch)
            for _ in batch:
                self._waiting.popleft()
        if self._has_backlog:
            self._backlog.clear()
            self._has_backlog = False

    async def _append(self, batch: Sequence[AuditRecord]) -> None:
        try:
            await self.store.append(self._presentable(batch))
        except AppError:
            raise
        except Exception:  # whatever is wrong with these, the next ones are to be kept
            log.exception("%d audit records cannot be stored.", len(batch))
            self._lost += len(batch)

    async def _own(self) -> None:
        while True:
            await self._has_some.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._has_some.clear()
            try:
                await self.write()
            except AppError:
                self._has_some.set()
                if not self._is_behind:
                    log.warning("Audit records wait until the database is back.")
                self._is_behind = True
                await asyncio.sleep(RETRY_SECONDS)
            else:
                if self._is_behind:
                    log.info("The audit records that waited are written.")
                self._is_behind = False

    def _take_up_backlog(self) -> None:
        for line in self._backlog.read():
            self._has_backlog = True
            try:
                self.add(from_line(line))
            except ValueError:
                log.warning("A line among the audit records on the disk is none.")

    def _presentable(self, records: Sequence[AuditRecord]) -> Sequence[AuditRecord]:
        """The records as they may be kept: somebody may have put a secret where a name belongs."""
        names = {record.target for record in records} | {record.server_name for record in records}
        shown = {
            name: name and cut_name(self._mask(name.encode(errors="replace").decode()))
            for name in names
        }
        if all(name == kept for name, kept in shown.items()):  # most names are
            return records
        return [
            record._replace(target=shown[record.target], server_name=shown[record.server_name])
            for record in records
        ]
