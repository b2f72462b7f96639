"""The way of records into the database: never in anybody's way, and none lost at a stop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.audit_lines import to_line
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.processes.line_file import LineFile
from app.services.audit import BATCH, AuditLog, next_id
from tests.domain.test_audit import RECORD
from tests.waiting import until


class FakeStore:
    """The AuditStore port; away when told to."""

    def __init__(self) -> None:
        self.records: dict[str, AuditRecord] = {}
        self.is_away = False
        self.batches: list[int] = []
        self.poison: str | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    async def append(self, records: Sequence[AuditRecord]) -> None:
        if self.is_away:
            raise AppError(ErrorCode.DATABASE_UNAVAILABLE, "away")
        if any(record.id == self.poison for record in records):
            raise TypeError("cannot be stored")
        self.batches.append(len(records))
        self.meanwhile()
        self.records |= {record.id: record for record in records}

    async def list_page(self, only: AuditFilter, page: PageRequest) -> list[AuditRecord]:
        raise NotImplementedError

    def stream(self, only: AuditFilter) -> AsyncIterator[AuditRecord]:
        raise NotImplementedError

    async def take_over(self) -> None:
        raise NotImplementedError

    async def retain(self, days: int) -> None:
        raise NotImplementedError


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def file(tmp_path: Path) -> LineFile:
    return LineFile(tmp_path / "backlog.jsonl")


@contextlib.asynccontextmanager
async def owned(log: AuditLog) -> AsyncIterator[None]:
    log.start()
    yield
    await log.close()


def record(number: int, **changes: object) -> AuditRecord:
    return RECORD._replace(id=f"{number:06}", **changes)  # type: ignore[arg-type]


async def test_records_are_written_in_the_background_and_together(
    store: FakeStore, file: LineFile
) -> None:
    log = AuditLog(store, file, str)
    async with owned(log):
        for number in range(2 * BATCH + 1):
            log.add(record(number))
        assert store.records == {}
        await until(lambda: len(store.records) == 2 * BATCH + 1)
        assert store.batches == [BATCH, BATCH, 1]
        log.add(record(9999))
        await until(lambda: "009999" in store.records)
    assert log.waiting == 0


async def test_what_comes_while_others_are_written_gathers_for_the_next_time(
    store: FakeStore, file: LineFile
) -> None:
    log = AuditLog(store, file, str)
    numbers = iter(range(1, 10))
    store.meanwhile = lambda: log.add(record(next(numbers)))
    log.add(record(0))
    await log.write()
    assert (store.batches, log.waiting) == ([1], 1)
    async with owned(log):  # and is written without a further one
        await until(lambda: "000001" in store.records)
        store.meanwhile = lambda: None


async def test_nothing_is_lost_at_a_clean_stop(store: FakeStore, file: LineFile) -> None:
    log = AuditLog(store, file, str)
    async with owned(log):
        for number in range(3):
            log.add(record(number))
    assert [*store.records] == ["000000", "000001", "000002"]
    assert file.read() == []


async def test_what_a_stop_without_database_leaves_is_written_after_the_next_start(
    store: FakeStore, file: LineFile, tmp_path: Path
) -> None:
    store.is_away = True
    log = AuditLog(store, file, str)
    async with owned(log):
        log.add(record(1))
    assert file.read() == [to_line(record(1))]
    assert (tmp_path / "backlog.jsonl").stat().st_mode & 0o777 == 0o600
    again = AuditLog(store, file, str)
    async with owned(again):  # still away: it waits on
        again.add(record(2))
    assert len(file.read()) == 2
    store.is_away = False
    file.write([*file.read(), b"not a record"])
    third = AuditLog(store, file, str)
    async with owned(third):
        await until(lambda: len(store.records) == 2)
        await until(lambda: file.read() == [])
    assert [*store.records.values()] == [record(1), record(2)]


async def test_while_the_database_is_away_a_bounded_number_waits_and_that_is_said(
    store: FakeStore, file: LineFile, caplog: pytest.LogCaptureFixture
) -> None:
    store.is_away = True
    log = AuditLog(store, file, str, most_waiting=3)
    with caplog.at_level(logging.INFO, logger="app"):
        async with owned(log):
            for number in range(5):
                log.add(record(number))
            await until(lambda: "wait until the database is back" in caplog.text)
            store.is_away = False
            await until(lambda: len(store.records) == 3)
            log.add(record(9))
            await until(lambda: "000009" in store.records)
    assert store.records["000009"] == record(9, lost_before=2)
    told = [r.getMessage().split(".")[0] for r in caplog.records]
    assert told == [
        "3 audit records wait for the database",
        "Audit records wait until the database is back",
        "The audit records that waited are written",
    ]


async def test_a_record_that_cannot_be_stored_does_not_stop_the_others(
    store: FakeStore, file: LineFile, caplog: pytest.LogCaptureFixture
) -> None:
    store.poison = "000001"
    log = AuditLog(store, file, str)
    async with owned(log):
        log.add(record(1))
        await until(lambda: log.waiting == 0)
        log.add(record(2))
        await until(lambda: "000002" in store.records)
    assert store.records["000002"].lost_before == 1
    assert "cannot be stored" in caplog.text


async def test_names_that_hold_a_secret_or_no_text_are_masked(
    store: FakeStore, file: LineFile
) -> None:
    log = AuditLog(store, file, lambda text: text.replace("hunter2hunter2", "[secret]"))
    async with owned(log):
        log.add(record(1, target="say-hunter2hunter2", server_name="hunter2hunter2"))
        log.add(record(2, target="\ud800" + "x" * 300))
    assert store.records["000001"].target == "say-[secret]"
    assert store.records["000001"].server_name == "[secret]"
    assert store.records["000002"].target == "?" + "x" * 198 + "…"


async def test_ids_are_single_and_grow() -> None:
    first = [next_id() for _ in range(1000)]
    await asyncio.sleep(0.002)
    later = next_id()
    assert len({*first}) == 1000
    assert all(one < later for one in first)
    assert first == sorted(first)
