"""Kept answers: one record a caller and Idempotency-Key."""

from dataclasses import asdict
from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from app.domain.kept_answer import Claim
from app.mongo.database import Database


class AnswerDoc(Document):
    """One key; the fields are those of the domain's Claim."""

    subject: str
    key: str
    fingerprint: str
    claim_id: str
    owner: str
    lease_expires_at: datetime
    expires_at: datetime
    is_done: bool
    sealed: str | None

    class Settings:
        """Beanie's settings."""

        name = "answers"
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel(
                [("subject", ASCENDING), ("key", ASCENDING)], name="key_unique", unique=True
            ),
            IndexModel([("claim_id", ASCENDING)], name="claim_unique", unique=True),
            IndexModel([("expires_at", ASCENDING)], name="forgotten", expireAfterSeconds=0),
        ]

    def to_domain(self) -> Claim:
        """The claim in this document."""
        return Claim(**self.model_dump(exclude={"id", "revision_id"}))


class MongoAnswers:
    """The AnswerStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, claim: Claim, now: datetime) -> Claim | None:
        """Take the key; who has it, where somebody does."""
        place = {"subject": claim.subject, "key": claim.key}
        async with self._database.operation():
            while True:
                try:
                    await AnswerDoc.get_motor_collection().update_one(
                        {**place, "expires_at": {"$lte": now}}, {"$set": asdict(claim)}, upsert=True
                    )
                except DuplicateKeyError:  # it is there, and it is not over
                    found = await AnswerDoc.find_one(place)
                    if found is not None:  # not released at this moment
                        return found.to_domain()
                else:
                    return None

    async def renew(self, claim_id: str, lease_expires_at: datetime) -> None:
        """Extend the lease of a request at work."""
        await self._set(claim_id, {"lease_expires_at": lease_expires_at})

    async def complete(self, claim_id: str, sealed: str | None) -> None:
        """Keep the answer; None: that there was one."""
        await self._set(claim_id, {"is_done": True, "sealed": sealed})

    async def release(self, claim_id: str) -> None:
        """Forget the claim: the request has done nothing."""
        async with self._database.operation():
            await AnswerDoc.get_motor_collection().delete_one({"claim_id": claim_id})

    async def _set(self, claim_id: str, new: dict[str, object]) -> None:
        async with self._database.operation():
            await AnswerDoc.get_motor_collection().update_one({"claim_id": claim_id}, {"$set": new})
