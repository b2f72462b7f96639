"""The database of the product, for a command: running or not, embedded or not."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from app.cli.machine import (
    CannotStart,
    DataDirInUse,
    prepare_data_dir,
    read_instance,
    start_guard,
)
from app.domain.errors import AppError
from app.models import documents_by_database
from app.mongo.binary import NoMongod, find_mongod
from app.mongo.database import BadDatabaseUri, Database
from app.mongo.embedded import EmbeddedMongo, EmbeddedMongoFailed, socket_uri
from app.mongo.process import SOCKET_NAME, MongodProcess, has_database, socket_folder
from app.settings import Settings

PATIENCE_SECONDS = 10.0
# What keeps a command from its work; each says so in one sentence.
PROBLEMS = (
    AppError, BadDatabaseUri, CannotStart, EmbeddedMongoFailed, NoMongod, PermissionError,
)  # fmt: skip


@contextlib.asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, or the embedded one of the data folder.

    Raises:
        CannotStart: There is no database yet.
        AppError: DATABASE_UNAVAILABLE.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = settings.data_dir.absolute()
        if settings.database_uri is None and not has_database(folder):
            raise CannotStart(f"There is no database in {folder} yet.")
        uri = settings.database_uri or await _embedded(settings, folder, stack)
        name = settings.mongo_dbname
        database = Database(uri, documents_by_database(name, settings.secrets_dbname or name))
        stack.push_async_callback(database.stop)
        await database.start(patience_seconds=PATIENCE_SECONDS)
        database.check()
        yield database


async def _embedded(settings: Settings, folder: Path, stack: contextlib.AsyncExitStack) -> str:
    """The embedded mongod: the one that a running product has started, or one for this command."""
    try:
        _, lock = prepare_data_dir(settings)
    except DataDirInUse:
        return socket_uri(socket_folder(folder) / SOCKET_NAME)
    stack.enter_context(lock)
    guard = start_guard(read_instance(folder))
    stack.callback(guard.stop)
    process = MongodProcess(find_mongod(settings.mongod_binary), folder, guard)
    process.start()
    mongod = EmbeddedMongo(process)
    stack.push_async_callback(mongod.stop)
    await mongod.start()
    return mongod.uri
