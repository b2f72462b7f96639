"""What keeping audit records needs from the database and the disk, as Protocols over plain data."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.page import PageRequest


class AuditStore(Protocol):
    """Audit records. Every method raises DATABASE_UNAVAILABLE when the database is away."""

    async def append(self, records: Sequence[AuditRecord]) -> None:
        """Store records; one that is stored already stays single."""

    async def list_page(self, only: AuditFilter, page: PageRequest) -> list[AuditRecord]:
        """Up to `first + 1` records, newest first, before the id `after`."""

    def stream(self, only: AuditFilter) -> AsyncIterator[AuditRecord]:
        """Every record, oldest first."""

    async def take_over(self) -> None:
        """Bring what an earlier version has stored into today's form; reading does so, too."""

    async def retain(self, days: int) -> None:
        """Have records removed when they are older than that; with 0 they are kept for good."""


class Lines(Protocol):
    """Lines on the disk that outlive the process."""

    def read(self) -> list[bytes]:
        """Those that are there."""

    def write(self, lines: Sequence[bytes]) -> None:
        """Replace them."""

    def clear(self) -> None:
        """Remove them."""
