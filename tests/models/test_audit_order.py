"""Audit records of several writers, in any batches, are one list in the order of their ids."""

import random

import pytest

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.page import PageRequest
from app.models.audit import MongoAudit
from app.mongo.database import Database
from tests.conftest import Stores
from tests.models.audits import all_of, record

WRITERS = ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc")


@pytest.fixture
async def audit(database: Database, stores: Stores) -> MongoAudit:
    return MongoAudit(database)


def batches_of_a_writer(dice: random.Random, writer: str) -> list[list[AuditRecord]]:
    """Some seconds of records in batches of any size, some written again in other batches."""
    users = [f"user{number}" for number in range(3)]
    records = [
        record(at, writer, username=dice.choice(users), principal=dice.choice(users))
        for at in sorted(dice.sample(range(12_000), 60))
    ]
    batches = []
    while records:
        size = dice.choice((1, 2, 5, 20))
        batches.append(records[:size])
        if dice.random() < 0.3:  # not acknowledged: it comes again, with what came meanwhile
            size = dice.randrange(size + 1)
        records = records[size:]
    return batches


async def pages(audit: MongoAudit, only: AuditFilter, size: int) -> list[AuditRecord]:
    """All records by pages, newest first."""
    found: list[AuditRecord] = []
    after = None
    while True:
        page = await audit.list_page(only, PageRequest(size, after))
        found += page[:size]
        if len(page) <= size:
            return found
        after = found[-1].id


@pytest.mark.parametrize("seed", range(12))
async def test_pages_of_any_size_and_the_stream_are_the_sorted_list(
    audit: MongoAudit, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    batches = [batch for writer in WRITERS for batch in batches_of_a_writer(dice, writer)]
    dice.shuffle(batches)
    for batch in batches:
        await audit.append(batch)
    records = sorted({one for batch in batches for one in batch}, key=lambda one: one.id)
    ann = "user1"
    for only, expected in (
        (AuditFilter(), records),
        (AuditFilter(username=ann), [one for one in records if one.username == ann]),
        (
            AuditFilter(concerning=ann),
            [one for one in records if ann in (one.username, one.principal)],
        ),
        (AuditFilter(username=ann, principal="user2"), [
            one for one in records if (one.username, one.principal) == (ann, "user2")
        ]),
    ):  # fmt: skip
        assert await all_of(audit, only) == expected
        for size in (1, 7, 50, 500)[dice.randrange(2) :]:
            assert await pages(audit, only, size) == expected[::-1]
    for one in dice.sample(records, 10):
        assert await audit.list_page(AuditFilter(id=one.id), PageRequest(1)) == [one]


async def test_records_that_waited_long_are_where_their_time_is(audit: MongoAudit) -> None:
    old, new = record(0), record(86_400_000)
    between = [record(number * 1000, WRITERS[0]) for number in range(1, 40)]
    await audit.append(between)
    await audit.append([old, new])
    assert await all_of(audit) == [old, *between, new]
    assert await pages(audit, AuditFilter(), 3) == [new, *between[::-1], old]
