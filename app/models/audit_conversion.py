"""Audit records as earlier versions stored them, a document for each, become batches."""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection

from app.models.audit_batches import MOST_RECORDS, WINDOW
from app.mongo.database import Database

OLD = "audit"

Collection = AsyncIOMotorCollection[dict[str, Any]]


async def convert(database: Database, batches: Collection) -> None:
    """Move what is stored the old way, oldest first; next to nothing to do when there is none.

    Any number of processes may do so at once, be killed at it, or still add the old way: a batch
    never changes, and only what is found in a batch is removed. What is in both, or in two
    batches, is the same record.

    Raises:
        AppError: DATABASE_UNAVAILABLE; the next one goes on.
    """
    old = batches.database[OLD]
    async with database.operation():
        if await old.find_one({}, {"_id": 1}) is None:
            return
        await old.drop_indexes()  # they would double the time
    has_more = True
    while has_more:
        async with database.operation():
            has_more = await _convert_some(old, batches)


async def _convert_some(old: Collection, batches: Collection) -> bool:
    found = old.find({}, {"_id": 1}).sort("_id", 1).limit(MOST_RECORDS)
    ids = [row["_id"] async for row in found]
    await old.aggregate(
        [
            {"$match": {"_id": {"$in": ids}}},
            {"$sort": {"_id": -1}},
            {
                "$group": {
                    "_id": {"$substrCP": ["$_id", 0, WINDOW]},
                    "newest": {"$first": "$_id"},
                    "first": {"$last": "$_id"},
                    "at": {"$max": "$at"},
                    "records": {"$push": "$$ROOT"},
                }
            },
            {"$project": {"_id": "$newest", "first": 1, "at": 1, "records": 1}},
            {"$merge": {"into": batches.name, "whenMatched": "keepExisting"}},
        ]
    ).to_list(None)
    stored = batches.find({"_id": {"$in": ids}}, {"records._id": 1})
    moved = [row["_id"] async for batch in stored for row in batch["records"]]
    await old.delete_many({"_id": {"$in": moved}})
    return bool(ids)
