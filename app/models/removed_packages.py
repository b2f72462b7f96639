"""Which packages a person has uninstalled."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, IndexModel

from app.mongo.database import Database


class RemovedPackageDoc(Document):
    """A server whose package was uninstalled, and when."""

    server_name: str
    removed_at: datetime

    class Settings:
        """Beanie's settings."""

        name = "removed_packages"
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([("server_name", ASCENDING)], name="server_name_unique", unique=True)
        ]


class MongoRemovedPackages:
    """The RemovedPackages over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, server_name: str, at: datetime) -> None:
        """Remember that the package behind that server was uninstalled."""
        async with self._database.operation():
            await RemovedPackageDoc.get_motor_collection().update_one(
                {"server_name": server_name}, {"$set": {"removed_at": at}}, upsert=True
            )

    async def has(self, server_name: str) -> bool:
        """Whether it was uninstalled and not installed again since."""
        async with self._database.operation():
            found = await RemovedPackageDoc.find_one({"server_name": server_name})
        return found is not None

    async def forget(self, server_name: str) -> None:
        """It is installed again."""
        async with self._database.operation():
            await RemovedPackageDoc.get_motor_collection().delete_one({"server_name": server_name})
