"""Stored secrets: sealed text only."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne

from app.domain.page import PageRequest
from app.domain.secret import SHARED, SealedSecret, Secret, SecretRef
from app.mongo.database import Database
from app.mongo.kept import ENTRY_BYTES, Found, Kept, Key, Source

COLLECTION = "secrets"
# What is kept is sealed; a value is opened for one call.
MOST_KEPT_BYTES = 64 * 1024**2
# Every text that begins with `v1.`, as a range, so that a partial index can hold just these.
FIRST_VERSION_INDEX = "first_version"
FIRST_VERSION = {"sealed": {"$gte": "v1.", "$lt": "v1/"}}


class SecretDoc(Document):
    """One user's secret for one server; `key_id` names the key that sealed it.

    That is the user's data key, or in a v1 text a deployment key.
    """

    username: str
    server_name: str
    name: str
    sealed: str
    key_id: str
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = None

    class Settings:
        """Beanie's settings."""

        name = COLLECTION
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel(
                [("username", ASCENDING), ("server_name", ASCENDING), ("name", ASCENDING)],
                name="place_unique",
                unique=True,
            ),
            IndexModel([("server_name", ASCENDING)], name="by_server"),
            IndexModel(
                [("username", 1), ("server_name", 1), ("name", 1), ("key_id", 1)],
                name=FIRST_VERSION_INDEX,
                partialFilterExpression=FIRST_VERSION,
            ),
        ]

    def to_domain(self) -> Secret:
        """The secret in this document, without its sealed text."""
        return Secret(
            ref=SecretRef(self.username, self.server_name, self.name),
            key_id=self.key_id,
            created_at=self.created_at,
            updated_at=self.updated_at,
            last_used_at=self.last_used_at,
        )


class MongoSecrets:
    """The SecretStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database
        source = Source(
            collection=COLLECTION,
            key_fields=("username", "server_name"),
            updates_of=("sealed",),
            read=self._read,
        )
        self._kept = Kept(database.changes, source, most_bytes=MOST_KEPT_BYTES)
        self.mark = self._kept.mark

    async def put(self, ref: SecretRef, sealed: str, key_id: str, now: datetime) -> Secret:
        """Set or replace one, atomically."""
        new = {"sealed": sealed, "key_id": key_id, "updated_at": now}
        async with self._writing(ref):
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

    async def list_applying(self, username: str, server_name: str) -> list[SealedSecret]:
        """Those of one user for one server, and those that all its users share."""
        where = {"username": {"$in": [username, SHARED]}, "server_name": server_name}
        async with self._database.operation():
            found = await SecretDoc.find(where).to_list()
        return [_sealed(doc) for doc in found]

    async def recall_applying(self, username: str, server_name: str) -> list[SealedSecret]:
        """The same from memory, where the change streams keep that true."""
        owners = (username,) if username == SHARED else (SHARED, username)
        found = [await self._kept.get((owner, server_name)) for owner in owners]
        return [secret for secrets in found for secret in secrets or ()]

    async def _read(self, key: Key) -> Found[tuple[SealedSecret, ...]]:
        where = {"username": key[0], "server_name": key[1]}
        async with self._database.operation():
            docs = await SecretDoc.find(where).to_list()
        return Found(
            tuple(_sealed(doc) for doc in docs),
            [doc.id for doc in docs],
            sum(len(doc.sealed) + ENTRY_BYTES for doc in docs),
        )

    async def list_of_server(self, username: str, server_name: str) -> list[Secret]:
        """All of one user for one server, by name."""
        where = {"username": username, "server_name": server_name}
        async with self._database.operation():
            found = await SecretDoc.find(where).sort("+name").to_list()
        return [doc.to_domain() for doc in found]

    async def names_applying(self, username: str) -> Mapping[str, Sequence[str]]:
        """The names of one user's, and of those that all users share, by server."""
        where = {"username": {"$in": [username, SHARED]}}
        fields = {"_id": 0, "server_name": 1, "name": 1}  # all of them are in the index
        names: dict[str, list[str]] = {}
        async with self._database.operation():
            found = SecretDoc.get_motor_collection().find(where, fields)
            async for row in found:
                names.setdefault(str(row["server_name"]), []).append(str(row["name"]))
        return names

    async def count(self, username: str, server_name: str | None = None) -> int:
        """How many a user has, for that server or for all."""
        where = {"username": username}
        if server_name is not None:
            where["server_name"] = server_name
        async with self._database.operation():
            return await SecretDoc.find(where).count()

    async def note_use(self, used: Mapping[SecretRef, datetime]) -> None:
        """Keep when each was used last."""
        writes = [
            UpdateOne(_place(ref), {"$max": {"last_used_at": at}}) for ref, at in used.items()
        ]
        async with self._database.operation():
            await SecretDoc.get_motor_collection().bulk_write(writes, ordered=False)

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
        async with self._writing(ref):
            result = await SecretDoc.get_motor_collection().delete_one(_place(ref))
        return bool(result.deleted_count)

    async def list_v1(self, after: SecretRef | None, limit: int) -> list[SealedSecret]:
        """Those in v1 texts, by user, server and name, after the place `after`."""
        where: dict[str, Any] = {**FIRST_VERSION}
        if after is not None:
            user, server, name = after.username, after.server_name, after.name
            where["$or"] = [
                {"username": {"$gt": user}},
                {"username": user, "server_name": {"$gt": server}},
                {"username": user, "server_name": server, "name": {"$gt": name}},
            ]
        async with self._database.operation():
            query = SecretDoc.find(where, hint=FIRST_VERSION_INDEX).limit(limit)
            found = await query.sort("+username", "+server_name", "+name").to_list()
        return [_sealed(doc) for doc in found]

    async def reseal(self, secret: SealedSecret, *, sealed: str, key_id: str) -> bool:
        """Replace the sealed text of the same value; False when it changed meanwhile."""
        where = {**_place(secret.ref), "sealed": secret.sealed}
        new = {"sealed": sealed, "key_id": key_id}
        async with self._writing(secret.ref):
            result = await SecretDoc.get_motor_collection().update_one(where, {"$set": new})
        return bool(result.matched_count)

    async def counts_by_key(self) -> Mapping[str, int]:
        """How many v1 texts there are under each deployment key."""
        pipeline: list[dict[str, Any]] = [
            {"$match": FIRST_VERSION},
            {"$group": {"_id": "$key_id", "n": {"$sum": 1}}},
        ]
        async with self._database.operation():
            collection = SecretDoc.get_motor_collection()
            rows = await collection.aggregate(pipeline, hint=FIRST_VERSION_INDEX).to_list(None)
        return {str(row["_id"]): int(row["n"]) for row in rows}

    async def delete_of_user(self, username: str) -> int:
        """Remove every one of that user; how many there were."""
        async with self._database.writing(COLLECTION, username=username):
            result = await SecretDoc.get_motor_collection().delete_many({"username": username})
        return int(result.deleted_count)

    async def delete_of_server(self, server_name: str) -> int:
        """Remove every user's for that server; how many there were."""
        async with self._database.writing(COLLECTION, server_name=server_name):
            result = await SecretDoc.get_motor_collection().delete_many(
                {"server_name": server_name}
            )
        return int(result.deleted_count)

    async def users_of_server(self, server_name: str) -> Mapping[str, int]:
        """Who has secrets for that server, and how many."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"server_name": server_name}},
            {"$group": {"_id": "$username", "n": {"$sum": 1}}},
        ]
        async with self._database.operation():
            rows = await SecretDoc.get_motor_collection().aggregate(pipeline).to_list(None)
        return {str(row["_id"]): int(row["n"]) for row in rows}

    def _writing(self, ref: SecretRef) -> AbstractAsyncContextManager[None]:
        return self._database.writing(
            COLLECTION, username=ref.username, server_name=ref.server_name
        )


def _sealed(doc: SecretDoc) -> SealedSecret:
    return SealedSecret(SecretRef(doc.username, doc.server_name, doc.name), doc.sealed)


def _place(ref: SecretRef) -> dict[str, str]:
    return {"username": ref.username, "server_name": ref.server_name, "name": ref.name}
