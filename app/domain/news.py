"""News of what is stored, from whichever process wrote it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ServerMark:
    """What shows whether a server has changed; its tools do not count."""

    revision: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ServerNews:
    """A server may have been added, changed or deleted; None: any of them."""

    name: str | None


@dataclass(frozen=True, slots=True)
class SecretNews:
    """Secrets of a user and a server may have changed; None: of anybody, of any server."""

    username: str | None
    server_name: str | None


@dataclass(frozen=True, slots=True)
class UserRemoved:
    """A user is gone, with everything that was theirs."""

    username: str


StoredNews = ServerNews | SecretNews | UserRemoved


class NewsSource(Protocol):
    """Who tells the news."""

    @property
    def is_live(self) -> bool:
        """Whether all that has happened so far is told, but for the last milliseconds."""

    def listen(self, hear: Callable[[StoredNews], None]) -> None:
        """Have `hear` called with everything from now on; it must return at once."""
