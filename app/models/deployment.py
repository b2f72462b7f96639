"""What all replicas of a deployment share: the salt of passphrases, and leases."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from app.domain.clock import utc_now
from app.mongo.database import Database

SALT_BYTES = 32
SALT = "salt"
COLLECTION = "deployment"
REMOVED = "removed "
PROCESS = "process "


class DeploymentDoc(Document):
    """One mark, by name: the salt, a lease with its owner, a running process's keys, a removal."""

    name: str
    salt: bytes | None = None
    owner: str | None = None
    key_ids: list[str] | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None

    class Settings:
        """Beanie's settings."""

        name = COLLECTION
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([("name", ASCENDING)], name="name_unique", unique=True),
            # The salt has no end, and stays.
            IndexModel([("expires_at", ASCENDING)], name="forgotten", expireAfterSeconds=3600),
        ]


class MongoDeployment:
    """The DeploymentStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def salt(self) -> bytes:
        """The salt of passphrases, made by whichever replica asks first."""
        new = {"salt": secrets.token_bytes(SALT_BYTES), "created_at": utc_now()}
        where: dict[str, Any] = {"name": SALT}
        async with self._database.operation():
            collection = DeploymentDoc.get_motor_collection()
            try:
                stored = await collection.find_one_and_update(
                    where,
                    {"$setOnInsert": new},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:  # two upserts at once; the other one won
                stored = await collection.find_one(where)
        return bytes(stored["salt"])

    async def announce(self, process: str, key_ids: Sequence[str], until: datetime) -> None:
        """Say which deployment keys a running process has, until then."""
        new = {"key_ids": [*key_ids], "expires_at": until}
        async with self._database.operation():
            await DeploymentDoc.get_motor_collection().update_one(
                {"name": _process(process)}, {"$set": new}, upsert=True
            )

    async def withdraw(self, process: str) -> None:
        """Take back what was announced of a process."""
        async with self._database.operation():
            await DeploymentDoc.get_motor_collection().delete_one({"name": _process(process)})

    async def list_announced(self, now: datetime) -> list[Sequence[str]]:
        """The keys of each running process."""
        where = {"key_ids": {"$ne": None}, "expires_at": {"$gt": now}}
        async with self._database.operation():
            found = await DeploymentDoc.find(where).to_list()
        return [doc.key_ids or () for doc in found]

    async def list_processes(self, now: datetime) -> list[str]:
        """The name of each running process."""
        where = {"key_ids": {"$ne": None}, "expires_at": {"$gt": now}}
        async with self._database.operation():
            found = await DeploymentDoc.find(where).to_list()
        return [doc.name.removeprefix(PROCESS) for doc in found]

    async def announce_removal(self, username: str, now: datetime) -> None:
        """Tell every replica that a user was removed; forgotten within the hour.

        Removed documents tell nobody whose they were.
        """
        name = f"{REMOVED}{username}"
        new = {"name": name, "expires_at": now, "created_at": now}
        async with self._database.writing(COLLECTION, name=name):
            await DeploymentDoc.get_motor_collection().replace_one({"name": name}, new, upsert=True)

    async def take_lease(self, name: str, owner: str, *, now: datetime, until: datetime) -> bool:
        """Take or renew it; False while another owner holds it."""
        free = [{"owner": owner}, {"owner": None}, {"expires_at": {"$lte": now}}]
        new = {"owner": owner, "expires_at": until}
        async with self._database.operation():
            try:
                await DeploymentDoc.get_motor_collection().update_one(
                    {"name": _lease(name), "$or": free}, {"$set": new}, upsert=True
                )
            except DuplicateKeyError:  # it is there, and it is not free
                return False
        return True

    async def release_lease(self, name: str, owner: str) -> None:
        """Give it back, if it is ours."""
        async with self._database.operation():
            await DeploymentDoc.get_motor_collection().delete_one(
                {"name": _lease(name), "owner": owner}
            )


def _process(name: str) -> str:
    return f"{PROCESS}{name}"


def _lease(name: str) -> str:
    return f"lease {name}"
