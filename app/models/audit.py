"""Stored audit records: added and read, never changed; MongoDB removes those that are too old."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.page import PageRequest
from app.models.audit_batches import Row, batches, from_row, in_order, to_row
from app.models.audit_conversion import convert
from app.models.audit_filter import Wanted, wanted
from app.mongo.database import Database

EXPIRY_INDEX = "expiry"
DAY_SECONDS = 86_400
OTHER_OPTIONS = 85  # IndexOptionsConflict
# How many batches are read at once: few at first, for one often has a whole page.
FEWEST, MOST = 2, 16


class AuditDoc(Document):
    """Records that were written together, the newest first.

    Its id is the greatest of theirs, `first` the smallest; `at` is the latest of their times.
    """

    id: str  # type: ignore[assignment]
    first: str
    at: datetime
    records: list[Row]

    class Settings:
        """Beanie's settings."""

        name = "audit_batches"
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([(f"records.{field}", ASCENDING), ("_id", DESCENDING)], name=f"by_{field}")
            for field in ("principal", "username", "server_name", "action", "request_id")
        ]


class MongoAudit:
    """The AuditStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, records: Sequence[AuditRecord]) -> None:
        """Store records; one that is stored already stays single."""
        async with self._database.operation():
            for batch in batches(map(to_row, records)):
                await _insert(batch)

    async def list_page(self, only: AuditFilter, page: PageRequest) -> list[AuditRecord]:
        """Up to `first + 1` records, newest first, before the id `after`."""
        await self.take_over()
        most, found = page.first + 1, list[AuditRecord]()
        read = self._read(wanted(only, page.after, most), DESCENDING)
        async with contextlib.aclosing(in_order(read, is_descending=True)) as rows:
            async for row in rows:
                found.append(from_row(row))
                if len(found) == most:
                    break
        return found

    async def stream(self, only: AuditFilter) -> AsyncIterator[AuditRecord]:
        """Every record, oldest first."""
        await self.take_over()
        read = self._read(wanted(only), ASCENDING)
        async for row in in_order(read, is_descending=False):
            yield from_row(row)

    async def take_over(self) -> None:
        """Bring what an earlier version has stored into today's form; reading does so, too."""
        await convert(self._database, AuditDoc.get_motor_collection())

    async def retain(self, days: int) -> None:
        """Have records removed when they are older than that; with 0 they are kept for good."""
        collection = AuditDoc.get_motor_collection()
        async with self._database.operation():
            if days == 0:
                with contextlib.suppress(OperationFailure):  # there was no such index
                    await collection.drop_index(EXPIRY_INDEX)
                return
            try:
                await collection.create_index(
                    "at", name=EXPIRY_INDEX, expireAfterSeconds=days * DAY_SECONDS
                )
            except OperationFailure as error:
                if error.code != OTHER_OPTIONS:
                    raise
                await collection.database.command(
                    "collMod",
                    collection.name,
                    index={"name": EXPIRY_INDEX, "expireAfterSeconds": days * DAY_SECONDS},
                )

    async def _read(self, only: Wanted, order: int) -> AsyncIterator[Mapping[str, Any]]:
        """Batches in the order of their ids, with those of their records that are wanted."""
        where, size = only.batches, FEWEST
        while True:
            steps: list[dict[str, Any]] = [
                {"$match": where},
                {"$sort": {"_id": order}},
                {"$limit": size},
                {"$project": {"records": only.records}},
            ]
            async with self._database.operation():
                read = AuditDoc.get_motor_collection().aggregate(steps)
                found = await read.to_list(size)
            for batch in found:
                yield batch
            if len(found) < size:
                return
            beyond = {"$lt" if order == DESCENDING else "$gt": found[-1]["_id"]}
            where = {"$and": [only.batches, {"_id": beyond}]}
            size = min(2 * size, MOST)


async def _insert(batch: dict[str, Any]) -> None:
    """Store a batch; when there is another one of that id, what that one has not."""
    collection = AuditDoc.get_motor_collection()
    try:
        await collection.insert_one(batch)
    except DuplicateKeyError:
        stored = await collection.find_one({"_id": batch["_id"]}, {"records._id": 1})
        known = {row["_id"] for row in stored["records"]} if stored else set[str]()
        for rest in batches(row for row in batch["records"] if row["_id"] not in known):
            await _insert(rest)
