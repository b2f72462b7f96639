"""Audit records in a real MongoDB."""

from datetime import timedelta

import pytest

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.page import PageRequest
from app.domain.policy import Action
from app.models.audit import AuditDoc, MongoAudit
from app.mongo.database import Database
from tests.conftest import Stores
from tests.models.audits import NOON, all_of, record, stored


@pytest.fixture
async def audit(database: Database, stores: Stores) -> MongoAudit:
    return MongoAudit(database)


async def test_records_come_back_as_they_were_newest_first(audit: MongoAudit) -> None:
    records = [record(number) for number in range(5)]
    await audit.append(records)
    assert await audit.list_page(AuditFilter(), PageRequest(9)) == records[::-1]
    page = await audit.list_page(AuditFilter(), PageRequest(2, record(3).id))
    assert page == [record(2), record(1), record(0)]  # one more than asked
    assert await all_of(audit) == records


async def test_what_is_written_together_is_one_document_for_people_to_read(
    audit: MongoAudit,
) -> None:
    await audit.append([record(number) for number in range(3)])
    (batch,) = await stored()
    assert (batch["_id"], batch["first"]) == (record(2).id, record(0).id)
    assert batch["at"] == record(2).at
    assert [row["_id"] for row in batch["records"]] == [record(n).id for n in (2, 1, 0)]
    assert batch["records"][0]["action"] == "call_tool"
    assert {*AuditRecord._fields} - {*batch["records"][0]} == {
        "id", "result_size", "lost_before", "times",
    }  # fmt: skip


async def test_no_field_of_a_record_is_left_out(audit: MongoAudit) -> None:
    other = record(1, lost_before=3, times=7, result_size=0)
    await audit.append([other])
    assert await all_of(audit) == [other]
    ((row,),) = [batch["records"] for batch in await stored()]
    assert {*row} == {*AuditRecord._fields} - {"id"} | {"_id"}


@pytest.mark.parametrize("again", [[1, 2], [2], [0, 2], [0, 1, 2, 3], [1]], ids=str)
async def test_a_record_that_is_written_again_stays_single_and_none_is_lost(
    audit: MongoAudit, again: list[int]
) -> None:
    await audit.append([record(1), record(2)])
    await audit.append([record(number) for number in again])
    records = [record(number) for number in sorted({1, 2, *again})]
    assert await all_of(audit) == records
    for first in (1, 2, 9):
        page = await audit.list_page(AuditFilter(), PageRequest(first))
        assert page == records[::-1][: first + 1]


async def test_records_of_different_times_are_in_different_documents(audit: MongoAudit) -> None:
    records = [record(number) for number in (0, 1, 5000, 5001)]
    await audit.append(records[::-1])
    assert [len(batch["records"]) for batch in await stored()] == [2, 2]
    assert await all_of(audit) == records


async def test_the_largest_records_there_can_be_fit_into_documents(audit: MongoAudit) -> None:
    largest = "\U00010348" * 256  # four bytes each
    fields = AuditRecord._fields
    names = {name: largest for name in fields if isinstance(getattr(record(0), name), str)} | {
        "credential_kind": record(0).credential_kind,
        "action": record(0).action,
    }
    records = [record(0, **{**names, "id": record(number).id}) for number in range(700)]
    await audit.append(records)
    assert [len(batch["records"]) for batch in await stored()] == [200, 500]
    assert await all_of(audit) == records


@pytest.mark.parametrize("apart", [1, 3_000], ids=["in one batch", "in several"])
@pytest.mark.parametrize(
    ("only", "numbers"),
    [
        (AuditFilter(), [1, 2, 3]),
        (AuditFilter(principal="ann"), [1, 3]),
        (AuditFilter(username="ann"), [2]),
        (AuditFilter(concerning="ann"), [1, 2, 3]),
        (AuditFilter(concerning="eve"), [3]),
        (AuditFilter(concerning="ann", username="bob"), [1]),
        (AuditFilter(concerning="$$this"), []),
        (AuditFilter(action=Action.SET_SECRET), [2]),
        (AuditFilter(server_name="s"), [1, 2]),
        (AuditFilter(server_name="s", username="eve"), []),
        (AuditFilter(outcome="FORBIDDEN"), [3]),
        (AuditFilter(request_id="r9"), [2]),
        (AuditFilter(since=NOON + timedelta(seconds=2)), [2, 3]),
        (AuditFilter(until=NOON + timedelta(seconds=2)), [1]),
        (AuditFilter(since=NOON + timedelta(seconds=2), until=NOON + timedelta(seconds=3)), [2]),
        (AuditFilter(principal="ann", outcome="OK"), [1]),
        (AuditFilter(principal="$principal"), []),
    ],
    ids=range(17),
)
async def test_a_filter_finds_what_it_names(
    audit: MongoAudit, only: AuditFilter, numbers: list[int], apart: int
) -> None:
    changes: list[dict[str, object]] = [
        {},
        {"principal": "cy", "username": "ann", "action": Action.SET_SECRET, "request_id": "r9"},
        {"username": "eve", "server_name": None, "outcome": "FORBIDDEN"},
    ]
    records = [
        record(number * apart, at=NOON + timedelta(seconds=number), **changes[number - 1])
        for number in (1, 2, 3)
    ]
    await audit.append(records)
    found = await all_of(audit, only)
    assert found == [records[number - 1] for number in numbers]
    assert await audit.list_page(only, PageRequest(5)) == found[::-1]


@pytest.mark.parametrize("number", [0, 1, 2, 5000, 5001])
async def test_a_record_is_found_by_its_id(audit: MongoAudit, number: int) -> None:
    await audit.append([record(0), record(2)])
    await audit.append([record(1), record(5000)])
    only = AuditFilter(id=record(number).id)
    expected = [] if number == 5001 else [record(number)]
    assert await audit.list_page(only, PageRequest(1)) == expected
    assert await audit.list_page(only, PageRequest(1, record(number).id)) == []


async def test_how_long_records_are_kept_can_be_changed(audit: MongoAudit) -> None:
    async def seconds() -> object:
        found = await AuditDoc.get_motor_collection().index_information()
        return found.get("expiry", {}).get("expireAfterSeconds")

    for days, kept in ((90, 7_776_000), (90, 7_776_000), (7, 604_800), (0, None), (0, None)):
        await audit.retain(days)
        assert await seconds() == kept


async def test_a_batch_is_as_old_as_its_newest_record(audit: MongoAudit) -> None:
    old, new = NOON - timedelta(days=8), NOON
    await audit.append([record(1, at=old), record(2, at=old)])
    await audit.append([record(3, at=new), record(4, at=old)])
    await audit.retain(7)
    indexes = await AuditDoc.get_motor_collection().index_information()
    assert indexes["expiry"]["key"] == [("at", 1)]
    assert [batch["at"] for batch in await stored()] == [old, new]
    await audit.retain(0)
