"""Audit records as MongoDB holds them: many to a document, and back in order."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from app.domain.audit import AuditRecord
from app.domain.policy import Action
from app.domain.principal import CredentialKind

Row = dict[str, Any]
"""A record as a subdocument."""

# Well below the 16 MB of a document: the names of a record are bounded.
MOST_RECORDS = 500
# Records whose ids begin with the same so many characters are of the same four seconds.
WINDOW = 9
_BEYOND = "~"  # greater than whatever follows in an id

_FIELDS = ("_id", *AuditRecord._fields[1:])
# What most records have there is left out.
_USUAL = tuple(AuditRecord._field_defaults.get(name) for name in AuditRecord._fields)
_ABSENT = dict(zip(AuditRecord._fields, _USUAL, strict=True))


def to_row(record: AuditRecord) -> Row:
    """The record without what most have there; in one go, for one is made with every call."""
    return {
        name: value
        for name, value, usual in zip(_FIELDS, record, _USUAL, strict=True)
        if value is not usual
    }


def from_row(row: Row) -> AuditRecord:
    """The record that became this row."""
    fields = {**_ABSENT, **row, "id": row["_id"]}
    del fields["_id"]
    fields["action"] = Action(row["action"])
    fields["credential_kind"] = CredentialKind(row["credential_kind"])
    return AuditRecord(**fields)


def window(record_id: str) -> str:
    """What the ids of the same four seconds begin with."""
    return record_id[:WINDOW]


def end_of_window(record_id: str) -> str:
    """A text between the ids of the same window and those of later ones."""
    return window(record_id) + _BEYOND


def batches(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Documents for the rows, newest first in each, none of more than one window.

    So batches overlap within a window only, however long a record had to wait for the database.
    """
    by_id = {row["_id"]: row for row in rows}
    for _, ids in groupby(sorted(by_id, reverse=True), window):
        together = [by_id[each] for each in ids]
        for start in range(0, len(together), MOST_RECORDS):
            yield _batch(together[start : start + MOST_RECORDS])


async def in_order(
    found: AsyncIterable[Mapping[str, Any]], *, is_descending: bool
) -> AsyncGenerator[Row, None]:
    """Each row once, merged from batches that come in the order of their `_id`.

    Held are only those which a row of a batch that is still to come may belong before. What is
    in two batches is held when the second one comes.
    """
    held: dict[str, Row] = {}
    async for batch in found:
        edge = batch["_id"] if is_descending else window(batch["_id"])
        final = [each for each in held if (each > edge if is_descending else each < edge)]
        for each in sorted(final, reverse=is_descending):
            yield held.pop(each)
        held |= {row["_id"]: row for row in batch["records"]}
    for each in sorted(held, reverse=is_descending):
        yield held[each]


def _batch(rows: list[Row]) -> dict[str, Any]:
    return {
        "_id": rows[0]["_id"],
        "first": rows[-1]["_id"],
        "at": max(row["at"] for row in rows),
        "records": rows,
    }
