"""Which batches of audit records to look into, and which of their records are meant."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.domain.audit import AuditFilter
from app.models.audit_batches import end_of_window

_EQUAL = ("principal", "username", "action", "server_name", "outcome", "request_id")


class _Test(NamedTuple):
    field: str
    operator: str
    value: Any


class Wanted(NamedTuple):
    """What is looked for: a query for batches, and an expression for what of their records."""

    batches: dict[str, Any]
    records: dict[str, Any]


def wanted(only: AuditFilter, after: str | None = None, most: int | None = None) -> Wanted:
    """Records that the filter means, with smaller ids than `after`, up to `most` of each batch."""
    tests = _tests(only)
    either: list[_Test] = []
    if only.concerning is not None:
        either = [_Test(name, "$eq", only.concerning) for name in ("principal", "username")]
    conditions = [_expression(test) for test in (*tests, *_tests_of_ids(only.id, after))]
    if either:
        conditions.append({"$or": [_expression(test) for test in either]})
    records = {"$filter": {"input": "$records", "cond": {"$and": conditions}}}
    batches = [*_spanning(only, after), *_holding(tests, either)]
    return Wanted(
        {"$and": batches} if batches else {}, {"$slice": [records, most]} if most else records
    )


def _tests(only: AuditFilter) -> list[_Test]:
    tests = [_Test(name, "$eq", getattr(only, name)) for name in _EQUAL]
    tests += [_Test("at", "$gte", only.since), _Test("at", "$lt", only.until)]
    return [test for test in tests if test.value is not None]


def _tests_of_ids(record_id: str | None, after: str | None) -> list[_Test]:
    tests = (_Test("_id", "$eq", record_id), _Test("_id", "$lt", after))
    return [test for test in tests if test.value is not None]


def _spanning(only: AuditFilter, after: str | None) -> list[dict[str, Any]]:
    """Where ids and times can be; for ids by the index, as no batch is of two windows."""
    where: list[dict[str, Any]] = []
    if only.id is not None:
        there = {"$gte": only.id, "$lt": end_of_window(only.id)}
        where.append({"_id": there, "first": {"$lte": only.id}})
    if after is not None:
        where.append({"_id": {"$lt": end_of_window(after)}, "first": {"$lt": after}})
    if only.since is not None:
        where.append({"at": {"$gte": only.since}})
    return where


def _holding(tests: Sequence[_Test], either: Sequence[_Test]) -> list[dict[str, Any]]:
    """Batches with a record that passes; each alternative for itself, so that it has an index."""
    ways = [[*tests, each] for each in either] or [[*tests]]
    if not any(ways):
        return []
    return [{"$or": [{"records": {"$elemMatch": _query(way)}} for way in ways]}]


def _query(tests: Sequence[_Test]) -> dict[str, Any]:
    return {"$and": [{test.field: {test.operator: test.value}} for test in tests]}


def _expression(test: _Test) -> dict[str, Any]:
    # `$literal`: a name may begin with a dollar sign.
    return {test.operator: [f"$$this.{test.field}", {"$literal": test.value}]}
