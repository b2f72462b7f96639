"""Values read from the database and kept in memory for as long as its changes are followed."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.mongo.changes import Change, ChangeWatch, Listener

V = TypeVar("V")
Key = tuple[str, ...]

# What an entry takes beside its texts, about.
ENTRY_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """A value, the `_id`s of the documents it was made from, and about how many bytes it takes."""

    value: V
    ids: Sequence[object]
    text_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Generic[V]):
    """Where kept values come from.

    `read` gets the one of a key from the database; what is not found there is not kept. A key
    consists of these fields of the collection's documents. See `Listener` for `updates_of`.
    """

    collection: str
    key_fields: Sequence[str]
    updates_of: Sequence[str] | None = None
    read: Callable[[Key], Awaitable[Found[V] | None]]


class Kept(Generic[V]):
    """Values by key, the longest unused forgotten first.

    While the change streams are live a value is at most as old as the way of a change through
    them, and never older than a write of this process. Otherwise every value is read.
    """

    def __init__(self, changes: ChangeWatch, source: Source[V], *, most_bytes: int) -> None:
        self._changes = changes
        self._source = source
        self._most_bytes = most_bytes
        self._entries: OrderedDict[Key, Found[V]] = OrderedDict()
        self._keys_by_id: dict[object, Key] = {}
        self._bytes = 0
        self._told = 0
        changes.listen(
            Listener(
                collection=source.collection,
                fields=source.key_fields,
                updates_of=source.updates_of,
                on_change=self._changed,
                on_gap=self._forget_all,
            )
        )

    def __len__(self) -> int:
        return len(self._entries)

    def mark(self) -> int | None:
        """The same as long as nothing has changed, as far as is known; None: that is not known."""
        return self._told if self._changes.is_live else None

    def recall(self, *key: str) -> V | None:
        """The value in memory, where that is as good as reading it; else None."""
        if not self._changes.is_live or (kept := self._entries.get(key)) is None:
            return None
        self._entries.move_to_end(key)
        return kept.value

    async def get(self, key: Key) -> V | None:
        """The same; where there is none, as it is read."""
        kept = self.recall(*key)
        return await self.read(key) if kept is None else kept

    async def read(self, key: Key) -> V | None:
        """The value as it is now, in memory from then on."""
        was_live, told = self._changes.is_live, self._told
        found = await self._source.read(key)
        if found is None:
            return None
        # What was read may be older than a change that was told meanwhile.
        if was_live and self._changes.is_live and told == self._told:
            self._keep(key, found)
        return found.value

    def _keep(self, key: Key, found: Found[V]) -> None:
        self._forget(key)
        self._entries[key] = found
        self._keys_by_id.update(dict.fromkeys(found.ids, key))
        self._bytes += found.text_bytes + ENTRY_BYTES
        while self._bytes > self._most_bytes:
            self._forget(next(iter(self._entries)))

    def _changed(self, change: Change) -> None:
        self._told += 1
        if change.document is not None:
            place = [change.document.get(field) for field in self._source.key_fields]
            for key in self._matching(place):
                self._forget(key)
        if change.id in self._keys_by_id:
            self._forget(self._keys_by_id[change.id])

    def _matching(self, place: Sequence[str | None]) -> list[Key]:
        """The keys that are the same wherever the place says something."""
        key = tuple(part for part in place if part is not None)
        if len(key) == len(place):
            return [key]
        return [
            key
            for key in self._entries
            if all(part in (None, own) for part, own in zip(place, key, strict=True))
        ]

    def _forget(self, key: Key) -> None:
        found = self._entries.pop(key, None)
        if found is not None:
            self._bytes -= found.text_bytes + ENTRY_BYTES
            for document_id in found.ids:
                self._keys_by_id.pop(document_id, None)

    def _forget_all(self) -> None:
        self._told += 1
        self._entries.clear()
        self._keys_by_id.clear()
        self._bytes = 0
