"""Audit records in a real MongoDB."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.page import PageRequest
from app.domain.policy import Action
from app.models.audit import AuditDoc, MongoAudit
from app.mongo.database import Database
from tests.conftest import Stores
from tests.domain.test_audit import RECORD

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def record(number: int, **changes: object) -> AuditRecord:
    at = NOON + timedelta(seconds=number)
    return RECORD._replace(id=f"{number:06}", at=at, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def audit(database: Database, stores: Stores) -> MongoAudit:
    return MongoAudit(database)


async def test_records_come_back_as_they_were_newest_first(audit: MongoAudit) -> None:
    records = [record(number) for number in range(5)]
    await audit.append(records)
    assert await audit.list_page(AuditFilter(), PageRequest(9)) == records[::-1]
    page = await audit.list_page(AuditFilter(), PageRequest(2, "000003"))
    assert page == [record(2), record(1), record(0)]  # one more than asked
    assert [one async for one in audit.stream(AuditFilter())] == records


async def test_no_field_of_a_record_is_left_out(audit: MongoAudit) -> None:
    other = record(1, lost_before=3, times=7)
    await audit.append([other])
    assert [one async for one in audit.stream(AuditFilter())] == [other]
    (stored,) = await AuditDoc.get_motor_collection().find().to_list(2)
    assert {*stored} == {*AuditRecord._fields} - {"id"} | {"_id"}


async def test_a_record_that_is_written_again_stays_single_and_as_it_was(
    audit: MongoAudit,
) -> None:
    await audit.append([record(1)])
    await audit.append([record(1, outcome="CHANGED"), record(2)])
    assert [one async for one in audit.stream(AuditFilter())] == [record(1), record(2)]


@pytest.mark.parametrize(
    ("only", "numbers"),
    [
        (AuditFilter(), [1, 2, 3]),
        (AuditFilter(principal="ann"), [1, 3]),
        (AuditFilter(username="ann"), [2]),
        (AuditFilter(concerning="ann"), [1, 2, 3]),
        (AuditFilter(concerning="eve"), [3]),
        (AuditFilter(concerning="ann", username="bob"), [1]),
        (AuditFilter(action=Action.SET_SECRET), [2]),
        (AuditFilter(server_name="s"), [1, 2]),
        (AuditFilter(outcome="FORBIDDEN"), [3]),
        (AuditFilter(request_id="r9"), [2]),
        (AuditFilter(since=NOON + timedelta(seconds=2)), [2, 3]),
        (AuditFilter(until=NOON + timedelta(seconds=2)), [1]),
        (AuditFilter(principal="ann", outcome="OK"), [1]),
    ],
    ids=range(13),
)
async def test_a_filter_finds_what_it_names(
    audit: MongoAudit, only: AuditFilter, numbers: list[int]
) -> None:
    records = [
        record(1),
        record(2, principal="cy", username="ann", action=Action.SET_SECRET, request_id="r9"),
        record(3, username="eve", server_name=None, outcome="FORBIDDEN"),
    ]
    await audit.append(records)
    found = [one async for one in audit.stream(only)]
    assert found == [records[number - 1] for number in numbers]
    assert await audit.list_page(only, PageRequest(5)) == found[::-1]


async def test_how_long_records_are_kept_can_be_changed(audit: MongoAudit) -> None:
    async def seconds() -> object:
        found = await AuditDoc.get_motor_collection().index_information()
        return found.get("expiry", {}).get("expireAfterSeconds")

    for days, kept in ((90, 7_776_000), (90, 7_776_000), (7, 604_800), (0, None), (0, None)):
        await audit.retain(days)
        assert await seconds() == kept
