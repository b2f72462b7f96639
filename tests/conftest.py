"""Real parts that every room's tests share: one event loop, one guard, one mongod."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

import pytest
import uvloop

from app.models import documents_by_database
from app.models.answers import AnswerDoc, MongoAnswers
from app.models.audit import AuditDoc
from app.models.data_keys import DataKeyDoc, MongoDataKeys
from app.models.deployment import DeploymentDoc, MongoDeployment
from app.models.news import MongoNews
from app.models.packages import MongoPackages, PackageDoc
from app.models.removed_packages import MongoRemovedPackages, RemovedPackageDoc
from app.models.secrets import MongoSecrets, SecretDoc
from app.models.servers import MongoServers, ServerDoc
from app.models.signals import MongoSignals, SignalDoc
from app.models.tokens import MongoTokens, TokenDoc
from app.mongo.binary import find_mongod
from app.mongo.database import Database
from app.mongo.embedded import EmbeddedMongo
from app.mongo.process import MongodProcess
from app.processes.guard import Guard
from app.processes.spawner import Spawner


@dataclass(frozen=True, slots=True)
class Mongo:
    """The embedded MongoDB of this test run."""

    process: MongodProcess
    embedded: EmbeddedMongo


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores over one database."""

    servers: MongoServers
    packages: MongoPackages
    removed_packages: MongoRemovedPackages
    secrets: MongoSecrets
    answers: MongoAnswers
    data_keys: MongoDataKeys
    deployment: MongoDeployment
    news: MongoNews
    signals: MongoSignals
    tokens: MongoTokens

    @classmethod
    def over(cls, database: Database, sender: str = "this-life") -> Self:
        """Stores that share one watch of the changes."""
        return cls(
            MongoServers(database),
            MongoPackages(database),
            MongoRemovedPackages(database),
            MongoSecrets(database),
            MongoAnswers(database),
            MongoDataKeys(database),
            MongoDeployment(database),
            MongoNews(database),
            MongoSignals(database, sender),
            MongoTokens(database),
        )


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The product runs on uvloop, and so do its tests."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    guard = Guard(uuid4().hex)
    guard.start()
    yield guard
    guard.stop()


@pytest.fixture(scope="session")
def spawner(guard: Guard) -> Spawner:
    return Spawner(guard)


@pytest.fixture(scope="session")
async def mongo(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mongo]:
    folder = tmp_path_factory.mktemp("m")
    process = MongodProcess(find_mongod(None), folder, guard)
    process.start()
    embedded = EmbeddedMongo(process)
    await embedded.start()
    yield Mongo(process, embedded)
    await embedded.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def database(mongo: Mongo) -> AsyncIterator[Database]:
    database = Database(mongo.embedded.uri, documents_by_database("test", "test"))
    await database.start(patience_seconds=10)
    yield database
    await database.stop()


@pytest.fixture(scope="session")
async def followed(database: Database) -> AsyncIterator[Stores]:
    """The stores, with their changes followed as the product does."""
    stores = Stores.over(database)
    changes = asyncio.create_task(database.changes.own())
    yield stores
    changes.cancel()
    await asyncio.gather(changes, return_exceptions=True)


@pytest.fixture
async def stores(database: Database, followed: Stores) -> Stores:
    documents = (
        ServerDoc, PackageDoc, RemovedPackageDoc, SecretDoc, AnswerDoc, DataKeyDoc, DeploymentDoc,
        TokenDoc, AuditDoc, SignalDoc,
    )  # fmt: skip
    for document in documents:
        await document.get_motor_collection().delete_many({})
    database.changes.forget_all()
    return followed


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Where a subject server records what it received."""
    return tmp_path / "record.jsonl"
