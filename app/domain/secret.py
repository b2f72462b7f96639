"""A user's secret: what may be known of it without opening it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

# In place of a username: the value that all users of a server share. No user is called so.
SHARED = ""


class SecretRef(NamedTuple):
    """Where a secret belongs. All three are compared exactly; no prefixes, no patterns."""

    username: str
    server_name: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A stored secret without its value."""

    ref: SecretRef
    key_id: str
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret's place and its sealed text, as read from the database."""

    ref: SecretRef
    sealed: str
