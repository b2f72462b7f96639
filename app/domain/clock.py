"""The time, as precise as it is stored."""

from datetime import UTC, datetime
from functools import lru_cache
from time import time_ns


def utc_now() -> datetime:
    """Now, aware, cut to the milliseconds MongoDB keeps: what is answered is what is stored."""
    return utc_at(time_ns())


def is_within_utc(at: datetime) -> bool:
    """Whether an aware time is one of the years 1 to 9999 in UTC too, in which it is stored."""
    try:
        at.astimezone(UTC)
    except OverflowError:
        return False
    return True


def utc_at(nanoseconds: int) -> datetime:
    """The same for what `time_ns` said at some moment."""
    return _utc_of(nanoseconds // 1_000_000)


@lru_cache(maxsize=8)  # where much goes on, much of it is over in the same millisecond
def _utc_of(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
