"""A process that rotates the keys of a test's database, to be killed: its only argument is the
database's address. It prints what it has done after every batch."""

import asyncio
import sys

from app.domain.data_key import RotationProgress
from app.models import documents_by_database
from app.mongo.database import Database
from app.services.rotation import rotate_keys
from tests.conftest import Stores
from tests.services.key_room import NEW, OLD, key_room


def tell(progress: RotationProgress) -> None:
    print(progress.done, progress.left, flush=True)


async def main(uri: str) -> None:
    database = Database(uri, documents_by_database("test", "test"))
    await database.start(patience_seconds=10)
    stores = Stores.over(database)
    await rotate_keys(key_room(stores, NEW, OLD), tell)
    await database.stop()


asyncio.run(main(sys.argv[1]))
