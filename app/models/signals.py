"""Signals: documents that live for a minute, and are heard through the change streams."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel

from app.domain.clock import utc_now
from app.domain.data_key import RotationProgress
from app.domain.package import InstallPhase, PackageProgress
from app.domain.signals import CancelWish, Hear, RestartWish, Signal
from app.mongo.changes import Change, Listener
from app.mongo.database import Database

COLLECTION = "signals"
KEPT = timedelta(minutes=1)
KINDS: Mapping[str, type[Signal]] = {
    "cancel": CancelWish,
    "restart": RestartWish,
    "progress": PackageProgress,
    "rotation": RotationProgress,
}
NAMES = {kind: name for name, kind in KINDS.items()}


class SignalDoc(Document):
    """One signal; `body` has the fields of the domain's."""

    kind: str
    body: dict[str, Any]
    sender: str
    is_done: bool | None = None
    expires_at: datetime

    class Settings:
        """Beanie's settings."""

        name = COLLECTION
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([("expires_at", ASCENDING)], name="forgotten", expireAfterSeconds=0)
        ]


class MongoSignals:
    """The SignalStore over MongoDB; a process does not hear itself."""

    def __init__(self, database: Database, sender: str) -> None:
        self._database = database
        self._sender = sender
        self._hearers: list[Hear] = []
        database.changes.listen(
            Listener(
                collection=COLLECTION,
                fields=("kind", "body", "sender"),
                updates_of=("kind",),  # no answer is a signal
                on_change=self._heard,
                on_gap=lambda: None,  # what is missed has no lasting effect
            )
        )

    async def post(self, signal: Signal) -> str:
        """Tell every other process; the signal's id."""
        document = {
            "kind": NAMES[type(signal)],
            "body": {name: _plain(value) for name, value in asdict(signal).items()},
            "sender": self._sender,
            "is_done": None,
            "expires_at": utc_now() + KEPT,
        }
        async with self._database.operation():
            result = await SignalDoc.get_motor_collection().insert_one(document)
        return str(result.inserted_id)

    def listen(self, hear: Hear) -> None:
        """Have `hear` called with what others post from now on, and its id; it returns at once."""
        self._hearers.append(hear)

    async def answer(self, signal_id: str, *, is_done: bool) -> None:
        """Tell who has posted it whether what they want is done."""
        where = {"_id": PydanticObjectId(signal_id)}
        async with self._database.operation():
            await SignalDoc.get_motor_collection().update_one(where, {"$set": {"is_done": is_done}})

    async def find_answer(self, signal_id: str) -> bool | None:
        """What was answered; None as long as nobody has."""
        async with self._database.operation():
            found = await SignalDoc.get(PydanticObjectId(signal_id))
        return None if found is None else found.is_done

    def _heard(self, change: Change) -> None:
        document = change.document
        if document is None or document["sender"] == self._sender:
            return
        kind = KINDS.get(document["kind"])
        if kind is None:
            return  # of a later version
        signal = _signal(kind, document["body"])
        for hear in self._hearers:
            hear(str(change.id), signal)


def _plain(value: object) -> object:
    return [*value] if isinstance(value, frozenset) else value


def _signal(kind: type[Signal], body: Mapping[str, Any]) -> Signal:
    if kind is CancelWish:
        users = body["users"]
        return CancelWish(body["call_id"], None if users is None else frozenset(users))
    if kind is PackageProgress:
        return PackageProgress(**{**body, "phase": InstallPhase(body["phase"])})
    return kind(**body)
