"""What a command on keys works with, on the database of the product, running or not."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from app.cli.machine import (
    CannotStart,
    DataDirInUse,
    prepare_data_dir,
    read_instance,
    read_keys,
    start_guard,
)
from app.models import documents_by_database
from app.models.data_keys import MongoDataKeys
from app.models.deployment import MongoDeployment
from app.models.secrets import MongoSecrets
from app.mongo.binary import find_mongod
from app.mongo.database import Database
from app.mongo.embedded import EmbeddedMongo, socket_uri
from app.mongo.process import SOCKET_NAME, MongodProcess, has_database, socket_folder
from app.settings import Settings
from app.vault.keyring import LocalKeyring
from app.vault.vault import EnvelopeVault

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """The stores of sealed things, and the vault: the services' KeyDeps."""

    secrets: MongoSecrets
    data_keys: MongoDataKeys
    deployment: MongoDeployment
    vault: EnvelopeVault


@contextlib.asynccontextmanager
async def open_key_room(settings: Settings) -> AsyncIterator[KeyRoom]:
    """The stores over the database of the settings, or the embedded one of the data folder.

    Raises:
        CannotStart: There is no database yet.
        KeyProblem: A key cannot be used.
        AppError: DATABASE_UNAVAILABLE.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = settings.data_dir.absolute()
        if settings.database_uri is None and not has_database(folder):
            raise CannotStart(f"There is no database in {folder} yet.")
        keys = read_keys(settings, folder)
        uri = settings.database_uri or await _embedded(settings, folder, stack)
        name = settings.mongo_dbname
        database = Database(uri, documents_by_database(name, settings.secrets_dbname or name))
        stack.push_async_callback(database.stop)
        await database.start(patience_seconds=PATIENCE_SECONDS)
        database.check()
        deployment = MongoDeployment(database)
        yield KeyRoom(
            MongoSecrets(database),
            MongoDataKeys(database),
            deployment,
            EnvelopeVault(LocalKeyring(keys, deployment.salt)),
        )


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
