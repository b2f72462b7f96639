"""Stored data keys: wrapped only."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from app.domain.data_key import DataKey
from app.mongo.database import Database
from app.mongo.kept import Found, Kept, Key, Source

COLLECTION = "data_keys"
MOST_KEPT_BYTES = 32 * 1024**2


class DataKeyDoc(Document):
    """One owner's data key; `key_id` is its own id, `wrapped_with` the deployment key's."""

    owner: str
    key_id: str
    wrapped: str
    wrapped_with: str
    created_at: datetime

    class Settings:
        """Beanie's settings."""

        name = COLLECTION
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([("owner", ASCENDING)], name="owner_unique", unique=True),
            IndexModel([("wrapped_with", ASCENDING)], name="by_deployment_key"),
        ]

    def to_domain(self) -> DataKey:
        """The data key in this document."""
        return DataKey(
            owner=self.owner,
            id=self.key_id,
            wrapped=self.wrapped,
            wrapped_with=self.wrapped_with,
            created_at=self.created_at,
        )


class MongoDataKeys:
    """The DataKeyStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database
        source = Source(collection=COLLECTION, key_fields=("owner",), read=self._read)
        self._kept = Kept(database.changes, source, most_bytes=MOST_KEPT_BYTES)
        self.mark = self._kept.mark

    async def find(self, owner: str) -> DataKey | None:
        """The owner's."""
        return await self._kept.read((owner,))

    def recall(self, owner: str) -> Awaitable[DataKey | None]:
        """The same from memory, where the change streams keep that true."""
        return self._kept.get((owner,))

    async def _read(self, key: Key) -> Found[DataKey] | None:
        async with self._database.operation():
            doc = await DataKeyDoc.find_one({"owner": key[0]})
        return None if doc is None else Found(doc.to_domain(), (doc.id,), len(doc.wrapped))

    async def find_many(self, owners: Sequence[str]) -> dict[str, DataKey]:
        """Those of the owners, by owner."""
        async with self._database.operation():
            found = await DataKeyDoc.find({"owner": {"$in": [*owners]}}).to_list()
        return {doc.owner: doc.to_domain() for doc in found}

    async def insert_or_find(self, record: DataKey) -> DataKey:
        """Store it, unless the owner has one; the one that is stored then."""
        new = {
            "key_id": record.id,
            "wrapped": record.wrapped,
            "wrapped_with": record.wrapped_with,
            "created_at": record.created_at,
        }
        collection, where = DataKeyDoc.get_motor_collection(), {"owner": record.owner}
        async with self._database.writing(COLLECTION, owner=record.owner):
            try:
                stored = await collection.find_one_and_update(
                    where,
                    {"$setOnInsert": new},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:  # two upserts at once; the other one won
                stored = await collection.find_one(where)
        data_key: DataKey = DataKeyDoc.model_validate(stored).to_domain()
        return data_key

    async def rewrap(self, record: DataKey, *, expected: str) -> bool:
        """Replace the wrapped text `expected` of that key; False when it changed meanwhile."""
        where = {"owner": record.owner, "key_id": record.id, "wrapped": expected}
        new = {"wrapped": record.wrapped, "wrapped_with": record.wrapped_with}
        async with self._database.writing(COLLECTION, owner=record.owner):
            result = await DataKeyDoc.get_motor_collection().update_one(where, {"$set": new})
        return bool(result.matched_count)

    async def list_wrapped_otherwise(
        self, key_id: str, after: str | None, limit: int
    ) -> list[DataKey]:
        """Those not under that deployment key, by owner, after the owner `after`."""
        where: dict[str, Any] = {"wrapped_with": {"$ne": key_id}}
        if after is not None:
            where["owner"] = {"$gt": after}
        async with self._database.operation():
            found = await DataKeyDoc.find(where).sort("+owner").limit(limit).to_list()
        return [doc.to_domain() for doc in found]

    async def counts_by_key(self) -> Mapping[str, int]:
        """How many there are under each deployment key."""
        group = {"$group": {"_id": "$wrapped_with", "count": {"$sum": 1}}}
        async with self._database.operation():
            rows = await DataKeyDoc.get_motor_collection().aggregate([group]).to_list(None)
        return {str(row["_id"]): int(row["count"]) for row in rows}

    async def delete(self, owner: str) -> bool:
        """Remove the owner's; False when there was none."""
        async with self._database.writing(COLLECTION, owner=owner):
            result = await DataKeyDoc.get_motor_collection().delete_one({"owner": owner})
        return bool(result.deleted_count)
