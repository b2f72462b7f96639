"""What a command on keys works with, on the database of the product, running or not."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.cli.database_room import open_database
from app.cli.machine import CannotStart, read_keys
from app.models.data_keys import MongoDataKeys
from app.models.deployment import MongoDeployment
from app.models.secrets import MongoSecrets
from app.mongo.database import Database
from app.mongo.process import has_database
from app.settings import Settings
from app.vault.keyring import LocalKeyring
from app.vault.vault import EnvelopeVault


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """The stores of sealed things, and the vault: the services' KeyDeps."""

    database: Database
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
        database = await stack.enter_async_context(open_database(settings))
        deployment = MongoDeployment(database)
        yield KeyRoom(
            database,
            MongoSecrets(database),
            MongoDataKeys(database),
            deployment,
            EnvelopeVault(LocalKeyring(keys, deployment.salt)),
        )
