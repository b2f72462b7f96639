"""Stored audit records: added and read, never changed; MongoDB removes those that are too old."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import BulkWriteError, OperationFailure

from app.domain.audit import AuditFilter, AuditRecord
from app.domain.page import MAX_PAGE, PageRequest
from app.domain.policy import Action
from app.domain.principal import CredentialKind
from app.mongo.database import Database

EXPIRY_INDEX = "expiry"
DAY_SECONDS = 86_400
DUPLICATE_KEY = 11_000
OTHER_OPTIONS = 85  # IndexOptionsConflict


class AuditDoc(Document):
    """One record; the fields are those of the domain's AuditRecord, its id is the document's."""

    id: str  # type: ignore[assignment]
    at: datetime
    principal: str
    credential_kind: CredentialKind
    credential_id: str | None
    credential_name: str | None
    username: str | None
    action: str
    server_name: str | None
    target: str | None
    peer: str | None
    request_id: str
    outcome: str
    duration_milliseconds: float
    request_bytes: int | None
    result_size: int | None
    lost_before: int
    times: int

    class Settings:
        """Beanie's settings."""

        name = "audit"
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([(field, ASCENDING), ("_id", DESCENDING)], name=f"by_{field}")
            for field in ("principal", "username", "server_name", "action", "request_id")
        ]


class MongoAudit:
    """The AuditStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, records: Sequence[AuditRecord]) -> None:
        """Store records; those that are stored already stay as they are."""
        documents = [_document(record) for record in records]
        async with self._database.operation():
            try:
                await AuditDoc.get_motor_collection().insert_many(documents, ordered=False)
            except BulkWriteError as error:
                problems = (error.details or {}).get("writeErrors", [])
                if any(problem["code"] != DUPLICATE_KEY for problem in problems):
                    raise

    async def list_page(self, only: AuditFilter, page: PageRequest) -> list[AuditRecord]:
        """Up to `first + 1` records, newest first, before the id `after`."""
        where = _condition(only)
        if page.after is not None:
            where["_id"] = {"$lt": page.after}
        async with self._database.operation():
            cursor = AuditDoc.get_motor_collection().find(where).sort("_id", DESCENDING)
            return [_record(row) async for row in cursor.limit(page.first + 1)]

    async def stream(self, only: AuditFilter) -> AsyncIterator[AuditRecord]:
        """Every record, oldest first."""
        where, after = _condition(only), ""
        while True:
            async with self._database.operation():
                query = {**where, "_id": {"$gt": after}}
                cursor = AuditDoc.get_motor_collection().find(query).sort("_id", ASCENDING)
                rows = await cursor.limit(MAX_PAGE).to_list(MAX_PAGE)
            for row in rows:
                yield _record(row)
            if len(rows) < MAX_PAGE:
                return
            after = rows[-1]["_id"]

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


def _document(record: AuditRecord) -> dict[str, Any]:
    return {
        "_id": record.id,
        "at": record.at,
        "principal": record.principal,
        "credential_kind": record.credential_kind._value_,
        "credential_id": record.credential_id,
        "credential_name": record.credential_name,
        "username": record.username,
        "action": record.action._value_,
        "server_name": record.server_name,
        "target": record.target,
        "peer": record.peer,
        "request_id": record.request_id,
        "outcome": record.outcome,
        "duration_milliseconds": record.duration_milliseconds,
        "request_bytes": record.request_bytes,
        "result_size": record.result_size,
        "lost_before": record.lost_before,
        "times": record.times,
    }  # each by its name, and `_value_`: what is written with every call is written quickly


def _record(row: Mapping[str, Any]) -> AuditRecord:
    fields = {**row, "id": row["_id"], "action": Action(row["action"])}
    del fields["_id"]
    return AuditRecord(**{**fields, "credential_kind": CredentialKind(row["credential_kind"])})


def _condition(only: AuditFilter) -> dict[str, Any]:
    fields = ("principal", "username", "server_name", "outcome", "request_id")
    where: dict[str, Any] = {
        name: getattr(only, name) for name in fields if getattr(only, name) is not None
    }
    if only.id is not None:
        where["_id"] = only.id
    if only.action is not None:
        where["action"] = only.action.value
    if only.concerning is not None:
        where["$or"] = [{"principal": only.concerning}, {"username": only.concerning}]
    at = {"$gte": only.since, "$lt": only.until}
    if span := {name: value for name, value in at.items() if value is not None}:
        where["at"] = span
    return where
