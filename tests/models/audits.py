"""Audit records as they come, and what the database makes of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.audit import AuditFilter, AuditRecord
from app.models.audit import AuditDoc, MongoAudit
from tests.domain.test_audit import RECORD

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANYTHING = AuditFilter()


def record(number: int, writer: object = "abcdefabcdef", **changes: object) -> AuditRecord:
    """The record of a millisecond; its id is like those that the service makes."""
    record_id = f"{0x19E000000000 + number:012x}{number & 0xFFFFFF:06x}{writer}"
    at = NOON + timedelta(milliseconds=number)
    return RECORD._replace(**{"id": record_id, "at": at, **changes})  # type: ignore[arg-type]


async def all_of(audit: MongoAudit, only: AuditFilter = ANYTHING) -> list[AuditRecord]:
    """Oldest first."""
    return [one async for one in audit.stream(only)]


async def stored() -> list[dict[str, Any]]:
    """The documents."""
    return await AuditDoc.get_motor_collection().find().sort("_id").to_list(None)
