"""What services need for keys: the vault, the stored data keys, the deployment's marks."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.data_key import DataKey
from app.domain.secret import SealedSecret, SecretRef


class Vault(Protocol):
    """Seals and opens secrets under data keys. Nothing opened is kept in it.

    Every method may raise DATABASE_UNAVAILABLE: what turns a passphrase into a key is there.
    """

    async def key_ids(self) -> Sequence[str]:
        """The ids of the deployment keys: the first seals, all open."""

    async def new_data_key(self, owner: str) -> DataKey:
        """A data key of random bytes, under the sealing deployment key."""

    async def rewrap(self, data_key: DataKey) -> DataKey:
        """The same data key under the sealing deployment key.

        Raises SECRET_KEY_MISSING or SECRET_UNREADABLE.
        """

    async def seal(self, data_key: DataKey, ref: SecretRef, value: str) -> tuple[str, str]:
        """The sealed text of a value, bound to its place, and the id of its key.

        Raises SECRET_KEY_MISSING or SECRET_UNREADABLE when the data key does not open.
        """

    async def open_all(
        self, data_key: DataKey | None, secrets: Sequence[SealedSecret]
    ) -> dict[str, str]:
        """The values of one owner's secrets by name; None when the owner has no data key.

        Raises SECRET_KEY_MISSING, SECRET_MOVED or SECRET_UNREADABLE.
        """

    def seal_briefly(self, plain: bytes, place: bytes) -> bytes:
        """What only this process opens, at that place."""

    def open_brief(self, sealed: bytes, place: bytes) -> bytes:
        """What was sealed so."""


class DataKeyStore(Protocol):
    """Wrapped data keys. Every method raises DATABASE_UNAVAILABLE when the database is away."""

    async def find(self, owner: str) -> DataKey | None:
        """The owner's."""

    def mark(self) -> int | None:
        """The same as long as no data key has changed; None where that cannot be known."""

    def recall(self, owner: str) -> Awaitable[DataKey | None]:
        """The same from memory, where that is kept true; else read."""

    async def find_many(self, owners: Sequence[str]) -> dict[str, DataKey]:
        """Those of the owners, by owner."""

    async def insert_or_find(self, record: DataKey) -> DataKey:
        """Store it, unless the owner has one; the one that is stored then."""

    async def rewrap(self, record: DataKey, *, expected: str) -> bool:
        """Replace the wrapped text `expected` of that key; False when it changed meanwhile."""

    async def list_wrapped_otherwise(
        self, key_id: str, after: str | None, limit: int
    ) -> list[DataKey]:
        """Those not under that deployment key, by owner, after the owner `after`."""

    async def counts_by_key(self) -> Mapping[str, int]:
        """How many there are under each deployment key."""

    async def delete(self, owner: str) -> bool:
        """Remove the owner's; False when there was none."""


class DeploymentStore(Protocol):
    """What all replicas share. Every method raises DATABASE_UNAVAILABLE."""

    async def salt(self) -> bytes:
        """The salt of passphrases, made by whichever replica asks first."""

    async def announce(self, process: str, key_ids: Sequence[str], until: datetime) -> None:
        """Say which deployment keys a running process has, until then."""

    async def withdraw(self, process: str) -> None:
        """Take back what was announced of a process."""

    async def list_announced(self, now: datetime) -> list[Sequence[str]]:
        """The keys of each running process."""

    async def list_processes(self, now: datetime) -> list[str]:
        """The name of each running process."""

    async def announce_removal(self, username: str, now: datetime) -> None:
        """Tell every replica that a user was removed."""

    async def take_lease(self, name: str, owner: str, *, now: datetime, until: datetime) -> bool:
        """Take or renew it; False while another owner holds it."""

    async def release_lease(self, name: str, owner: str) -> None:
        """Give it back, if it is ours."""
