"""Stored secrets: sealed text only."""

from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReturnDocument

from app.domain.page import PageRequest
from app.domain.secret import SealedSecret, Secret, SecretRef
from app.mongo.database import Database


class SecretDoc(Document):
    """One user's secret for one server."""

    username: str
    server_name: str
    name: str
    sealed: str
    key_id: str
    created_at: datetime
    updated_at: datetime

    class Settings:
        """Beanie's settings."""

        name = "secrets"
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel(
                [("username", ASCENDING), ("server_name", ASCENDING), ("name", ASCENDING)],
                name="place_unique",
                unique=True,
            ),
            IndexModel([("server_name", ASCENDING)], name="by_server"),
        ]

    def to_domain(self) -> Secret:
        """The secret in this document, without its sealed text."""
        return Secret(
            ref=SecretRef(self.username, self.server_name, self.name),
            key_id=self.key_id,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


class MongoSecrets:
    """The SecretStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, ref: SecretRef, sealed: str, key_id: str, now: datetime) -> Secret:
        """Set or replace one, atomically."""
        new = {"sealed": sealed, "key_id": key_id, "updated_at": now}
        async with self._database.operation():
            stored = await SecretDoc.get_motor_collection().find_one_and_update(
                _place(ref),
                {"$set": new, "$setOnInsert": {"created_at": now}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        secret: Secret = SecretDoc.model_validate(stored).to_domain()
        return secret

    async def find(self, ref: SecretRef) -> Secret | None:
        """The one at that place."""
        async with self._database.operation():
            found = await SecretDoc.find_one(_place(ref))
        return None if found is None else found.to_domain()

    async def list_sealed(self, username: str, server_name: str) -> list[SealedSecret]:
        """All of one user for one server."""
        where = {"username": username, "server_name": server_name}
        async with self._database.operation():
            found = await SecretDoc.find(where).to_list()
        return [SealedSecret(doc.to_domain().ref, doc.sealed) for doc in found]

    async def list_page(
        self, username: str, server_name: str | None, page: PageRequest
    ) -> list[Secret]:
        """Up to `first + 1` of a user, by server and name, after the key `server name`."""
        where: dict[str, Any] = {"username": username}
        if server_name is not None:
            where["server_name"] = server_name
        if page.after is not None:
            server, _, name = page.after.partition(" ")
            where["$or"] = [
                {"server_name": {"$gt": server}},
                {"server_name": server, "name": {"$gt": name}},
            ]
        async with self._database.operation():
            query = SecretDoc.find(where).sort("+server_name", "+name").limit(page.first + 1)
            return [doc.to_domain() for doc in await query.to_list()]

    async def delete(self, ref: SecretRef) -> bool:
        """Remove one; False when there was none."""
        async with self._database.operation():
            result = await SecretDoc.get_motor_collection().delete_one(_place(ref))
        return bool(result.deleted_count)

    async def count_other_keys(self, key_id: str) -> int:
        """How many were sealed with another key than that."""
        async with self._database.operation():
            return await SecretDoc.find({"key_id": {"$ne": key_id}}).count()

    async def delete_of_server(self, server_name: str) -> int:
        """Remove every user's for that server; how many there were."""
        async with self._database.operation():
            result = await SecretDoc.get_motor_collection().delete_many(
                {"server_name": server_name}
            )
        return int(result.deleted_count)


def _place(ref: SecretRef) -> dict[str, str]:
    return {"username": ref.username, "server_name": ref.server_name, "name": ref.name}
