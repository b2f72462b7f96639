"""A user's data key, and what is known of the keys that everything is sealed under."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """The key that seals one user's secrets, itself wrapped by a deployment key.

    `wrapped_with` is the id of that deployment key. Removing this record makes every secret
    of its owner unreadable for ever.
    """

    owner: str
    id: str
    wrapped: str
    wrapped_with: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUsage:
    """What still needs one deployment key.

    `v1_secrets` are those sealed under it directly, as the first release did.
    """

    key_id: str
    is_known: bool
    is_sealing: bool
    data_keys: int
    v1_secrets: int

    @property
    def is_needed(self) -> bool:
        """Whether something cannot be opened without it."""
        return self.data_keys + self.v1_secrets > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationProgress:
    """How far a rotation is, in records.

    `unreadable` of those that are left could not be opened and stay as they are.
    """

    total: int
    done: int
    unreadable: int
    is_finished: bool

    @property
    def left(self) -> int:
        """How many are not under the sealing key yet."""
        return self.total - self.done
