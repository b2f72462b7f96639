"""Audit records that an earlier version has stored, a document for each."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import IndexModel

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.page import PageRequest
from app.models.audit import AuditDoc, MongoAudit
from app.mongo.database import Database
from tests.conftest import Stores
from tests.models.audits import all_of, record, stored

MANY = [record(number * 7) for number in range(3000)]  # 21 seconds


@pytest.fixture
async def old(
    database: Database, stores: Stores
) -> AsyncIterator[AsyncIOMotorCollection[dict[str, Any]]]:
    old = AuditDoc.get_motor_collection().database["audit"]
    await old.drop()
    await old.create_indexes(
        [
            IndexModel([("username", 1), ("_id", -1)], name="by_username"),
            IndexModel([("at", 1)], name="expiry", expireAfterSeconds=10**9),
        ]
    )
    yield old
    await old.drop()


@pytest.fixture
async def audit(database: Database, stores: Stores) -> MongoAudit:
    return MongoAudit(database)


def as_before(records: Iterable[AuditRecord]) -> list[dict[str, Any]]:
    rows = [record._asdict() for record in records]
    return [{"_id": row.pop("id"), **row} for row in rows]


async def test_the_first_reader_finds_them(
    audit: MongoAudit, old: AsyncIOMotorCollection[dict[str, Any]]
) -> None:
    await old.insert_many(as_before(MANY[:3]))
    assert await audit.list_page(AuditFilter(), PageRequest(1)) == MANY[2:0:-1]
    await old.insert_many(as_before(MANY[3:5]))  # a replica of the earlier version
    assert await all_of(audit) == MANY[:5]
    await old.insert_many(as_before(MANY[5:7]))
    assert await audit.list_page(AuditFilter(id=MANY[5].id), PageRequest(1)) == [MANY[5]]


async def test_they_become_batches_and_the_old_indexes_go(
    audit: MongoAudit, old: AsyncIOMotorCollection[dict[str, Any]]
) -> None:
    await old.insert_many(as_before(MANY))
    await audit.append([record(10**6)])
    await audit.take_over()
    assert await all_of(audit) == [*MANY, record(10**6)]
    assert await old.count_documents({}) == 0
    assert [*await old.index_information()] == ["_id_"]
    batches = await stored()
    assert all(batch["first"][:9] == batch["_id"][:9] for batch in batches)
    assert len(batches) < len(MANY) / 100
    assert [batch["at"] for batch in batches] == [b["records"][0]["at"] for b in batches]


async def test_several_may_do_it_at_once_and_be_killed_at_it(
    audit: MongoAudit, old: AsyncIOMotorCollection[dict[str, Any]]
) -> None:
    await old.insert_many(as_before(MANY))
    for milliseconds in (5, 15, 25):
        tasks = [asyncio.create_task(audit.take_over()) for _ in range(2)]
        await asyncio.wait(tasks, timeout=milliseconds / 1000)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(audit.take_over() for _ in range(3)))
    assert await all_of(audit) == MANY
    assert await old.count_documents({}) == 0


async def test_a_batch_that_is_there_already_does_not_cost_a_record(
    audit: MongoAudit, old: AsyncIOMotorCollection[dict[str, Any]]
) -> None:
    """As when one was killed between storing a batch and removing what is in it."""
    await old.insert_many(as_before(MANY[:10]))
    await audit.append([MANY[2], MANY[9]])
    await audit.take_over()
    assert await all_of(audit) == MANY[:10]
    assert await old.count_documents({}) == 0
