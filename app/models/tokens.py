"""Stored API tokens."""

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any, Self

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne

from app.domain.api_token import ApiToken, NewToken
from app.domain.page import PageRequest
from app.domain.principal import Role
from app.mongo.database import Database
from app.mongo.kept import Found, Kept, Key, Source

COLLECTION = "tokens"
MOST_KEPT_BYTES = 16 * 1024**2


class TokenDoc(Document):
    """One token: its hash, and what it grants. It stays when it is revoked."""

    token_id: str
    digest: str
    name: str
    role: Role
    username: str
    groups: list[str]
    act_for: list[str]
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    class Settings:
        """Beanie's settings."""

        name = COLLECTION
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([("digest", ASCENDING)], name="digest_unique", unique=True),
            IndexModel([("token_id", ASCENDING)], name="token_id_unique", unique=True),
        ]

    @classmethod
    def from_domain(cls, token: ApiToken, digest: str) -> Self:
        """The document of a token."""
        grant = token.grant
        return cls(
            token_id=token.id,
            digest=digest,
            name=grant.name,
            role=grant.role,
            username=grant.username,
            groups=[*grant.groups],
            act_for=[*grant.act_for],
            expires_at=grant.expires_at,
            created_at=token.created_at,
            created_by=token.created_by,
        )

    def to_domain(self) -> ApiToken:
        """The token in this document."""
        return ApiToken(
            id=self.token_id,
            grant=NewToken(
                name=self.name,
                role=self.role,
                username=self.username,
                groups=tuple(self.groups),
                act_for=tuple(self.act_for),
                expires_at=self.expires_at,
            ),
            created_at=self.created_at,
            created_by=self.created_by,
            last_used_at=self.last_used_at,
            revoked_at=self.revoked_at,
        )


class MongoTokens:
    """The TokenStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database
        source = Source(
            collection=COLLECTION,
            key_fields=("digest",),
            updates_of=("revoked_at",),
            read=self._read,
        )
        self._kept = Kept(database.changes, source, most_bytes=MOST_KEPT_BYTES)
        # One value for the whole collection: its key has no parts.
        any_at_all = Source(
            collection=COLLECTION, key_fields=(), updates_of=("revoked_at",), read=self._read_any
        )
        self._any = Kept(database.changes, any_at_all, most_bytes=MOST_KEPT_BYTES)

    async def insert(self, token: ApiToken, digest: str) -> None:
        """Store a new one under the hash of its text."""
        async with self._database.writing(COLLECTION, digest=digest):
            await TokenDoc.from_domain(token, digest).insert()

    async def recall_by_hash(self, digest: str) -> ApiToken | None:
        """The one whose text has that hash, good or not; from memory where that is kept true."""
        return await self._kept.get((digest,))

    async def _read(self, key: Key) -> Found[ApiToken] | None:
        async with self._database.operation():
            doc = await TokenDoc.find_one({"digest": key[0]})
        return None if doc is None else Found(doc.to_domain(), (doc.id,), 0)

    async def find(self, token_id: str) -> ApiToken | None:
        """The one of that id."""
        async with self._database.operation():
            found = await TokenDoc.find_one({"token_id": token_id})
        return None if found is None else found.to_domain()

    def has_any(self) -> Awaitable[bool | None]:
        """Whether one was ever made; from memory where that is kept true."""
        return self._any.get(())

    async def _read_any(self, _key: Key) -> Found[bool]:
        async with self._database.operation():
            found = await TokenDoc.get_motor_collection().find_one({}, {"_id": 1})
        return Found(found is not None, (), 0)

    async def list_page(self, page: PageRequest) -> list[ApiToken]:
        """Up to `first + 1`, revoked ones too, by id, after the id `after`."""
        where = {} if page.after is None else {"token_id": {"$gt": page.after}}
        async with self._database.operation():
            query = TokenDoc.find(where).sort("+token_id").limit(page.first + 1)
            return [doc.to_domain() for doc in await query.to_list()]

    async def revoke(self, token_id: str, at: datetime) -> ApiToken | None:
        """Revoke it, unless that has been done; how it is then, None for an unknown id."""
        # A pipeline: the first revocation's time stays, however often it is repeated.
        first: list[dict[str, Any]] = [{"$set": {"revoked_at": {"$ifNull": ["$revoked_at", at]}}}]
        async with self._database.writing(COLLECTION):  # every kept one is read again
            stored = await TokenDoc.get_motor_collection().find_one_and_update(
                {"token_id": token_id}, first, return_document=ReturnDocument.AFTER
            )
        return None if stored is None else TokenDoc.model_validate(stored).to_domain()

    async def note_use(self, used: Mapping[str, datetime]) -> None:
        """Keep when each was used last, by id."""
        changes = [
            UpdateOne({"token_id": token_id}, {"$max": {"last_used_at": at}})
            for token_id, at in used.items()
        ]
        async with self._database.operation():
            await TokenDoc.get_motor_collection().bulk_write(changes, ordered=False)
