"""The time, as precise as it is stored."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, aware, cut to the milliseconds MongoDB keeps: what is answered is what is stored."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
