"""Where the work at hand came from: told by the edge once, known to all that follows from it."""

from contextvars import ContextVar
from typing import NamedTuple

from app.domain.ids import new_id


class Origin(NamedTuple):
    """One request. `peer` is the address it came from; None for work that no request asked for."""

    request_id: str
    peer: str | None = None
    body_bytes: int | None = None


_current: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current_origin() -> Origin:
    """The request that is being served, also in tasks that it started."""
    return _current.get() or Origin(new_id())


def set_origin(origin: Origin) -> None:
    """Say where the work of this task comes from."""
    _current.set(origin)
