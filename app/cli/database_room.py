"""The database of the product for a command, whether the product is running or not."""

import contextlib
from collections.abc import AsyncIterator

from app.cli.machine import DataDirInUse, prepare_data_dir, read_instance, read_keys, start_guard
from app.models import documents_by_database
from app.mongo.binary import find_mongod
from app.mongo.database import Database
from app.mongo.embedded import EmbeddedMongo, socket_uri
from app.mongo.process import SOCKET_NAME, MongodProcess, socket_folder
from app.settings import Settings

PATIENCE_SECONDS = 10.0


@contextlib.asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, or the embedded one of the data folder.

    Raises:
        CannotStart: The data folder cannot be used.
        KeyProblem: There is a database already, and no key.
        AppError: DATABASE_UNAVAILABLE.
    """
    async with contextlib.AsyncExitStack() as stack:
        uri = settings.database_uri or await _embedded(settings, stack)
        name = settings.mongo_dbname
        database = Database(uri, documents_by_database(name, settings.secrets_dbname or name))
        stack.push_async_callback(database.stop)
        await database.start(patience_seconds=PATIENCE_SECONDS)
        database.check()
        yield database


async def _embedded(settings: Settings, stack: contextlib.AsyncExitStack) -> str:
    """The embedded mongod: the one that a running product has started, or one for this command."""
    try:
        folder, lock = prepare_data_dir(settings)
    except DataDirInUse:
        return socket_uri(socket_folder(settings.data_dir.absolute()) / SOCKET_NAME)
    stack.enter_context(lock)
    read_keys(settings, folder)  # a new data folder gets its key before it gets a database
    guard = start_guard(read_instance(folder))
    stack.callback(guard.stop)
    process = MongodProcess(find_mongod(settings.mongod_binary), folder, guard)
    process.start()
    mongod = EmbeddedMongo(process)
    stack.push_async_callback(mongod.stop)
    await mongod.start()
    return mongod.uri
