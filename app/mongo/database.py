"""One MongoDB, watched: what is stored is durable, and an absence is said at once."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from beanie import Document, init_beanie
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    PyMongoError,
    WriteConcernError,
)

from app.domain.errors import AppError, ErrorCode
from app.mongo.changes import ChangeWatch

log = logging.getLogger(__name__)

PING_SECONDS = 0.25
PING_TIMEOUT_SECONDS = 1.0
# Majority and journal: without `j`, a killed mongod loses writes it has acknowledged.
CLIENT_OPTIONS: Mapping[str, Any] = {
    "w": "majority",
    "journal": True,
    # What is read and kept must be what a majority has and the change streams tell of.
    "readPreference": "primary",
    "readConcernLevel": "majority",
    "tz_aware": True,
    "serverSelectionTimeoutMS": 1000,
    "connectTimeoutMS": 2000,
    # Not `timeoutMS`: it would replace the second above by itself, and a database that has gone
    # is to be said at once.
    "socketTimeoutMS": 5000,
    "waitQueueTimeoutMS": 5000,
    "appname": "mcp-api",
}


class BadDatabaseUri(Exception):
    """The address of the database makes no sense; the message says why."""


class Database:
    """The connection that every store shares.

    `documents` names the Beanie documents of each database. Until the first successful
    connection, and whenever the pings fail, operations are refused at once.
    """

    def __init__(self, uri: str, documents: Mapping[str, Sequence[type[Document]]]) -> None:
        self._documents = documents
        try:
            self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
                uri, **CLIENT_OPTIONS
            )
        except (ConfigurationError, ValueError) as error:  # the driver's words hold no password
            raise BadDatabaseUri(f"MONGODB_URI cannot be used: {error}.") from None
        self.changes = ChangeWatch(
            lambda: AsyncMongoClient(uri, **CLIENT_OPTIONS),
            {_collection(kind): name for name, kinds in documents.items() for kind in kinds},
        )
        """What any process writes; `changes.own` has to run for it to be told."""
        self._is_initialised = False
        self._is_reachable = False
        self._first_look = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Timeout] = set()

    @property
    def is_available(self) -> bool:
        """Whether the last ping was answered."""
        return self._is_initialised and self._is_reachable

    async def start(self, *, patience_seconds: float) -> None:
        """Start watching; returns when first connected, or after `patience_seconds` regardless."""
        self._keeper = asyncio.create_task(self._keep(), name="database watch")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_seconds):
                await self._first_look.wait()

    async def wait_until_available(self) -> None:
        """Return once the database has been reached for the first time."""
        await self._first_look.wait()

    async def stop(self) -> None:
        """Close the connection."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self._is_reachable = False
        self._client.close()

    def check(self) -> None:
        """Return when the database can be reached.

        Raises:
            AppError: DATABASE_UNAVAILABLE.
        """
        if not self.is_available:
            raise _unavailable()

    @contextlib.asynccontextmanager
    async def operation(self) -> AsyncIterator[None]:
        """Around each use of a document: DATABASE_UNAVAILABLE, and never a driver's error.

        An operation that is under way when the watch finds the database away ends at once.
        """
        self.check()
        try:
            async with asyncio.timeout(None) as limit:
                self._under_way.add(limit)
                try:
                    yield
                finally:
                    self._under_way.discard(limit)
        except (ConnectionFailure, ExecutionTimeout, WriteConcernError, TimeoutError) as error:
            log.warning("A database operation failed: %s", type(error).__name__)
            raise _unavailable() from error

    @contextlib.asynccontextmanager
    async def writing(self, collection: str, **place: str) -> AsyncIterator[None]:
        """An operation that writes; whatever came of it, this process's listeners hear of it.

        `place` has the fields that the changed documents have in common.
        """
        try:
            async with self.operation():
                yield
        finally:
            self.changes.wrote(collection, place)

    async def _keep(self) -> None:
        while True:
            was_available = self.is_available
            self._is_reachable = await self._look()
            if self.is_available != was_available:
                if was_available:
                    log.warning("The database is away; requests are refused until it is back.")
                    for limit in self._under_way:
                        limit.reschedule(asyncio.get_running_loop().time())
                else:
                    log.log(
                        logging.INFO if self._first_look.is_set() else logging.DEBUG,
                        "The database is there.",
                    )
                    self._first_look.set()
            await asyncio.sleep(PING_SECONDS)

    async def _ping(self) -> None:
        """Ask twice before taking silence for absence: the silence may be a moment of ours."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PING_TIMEOUT_SECONDS):
                await self._client.admin.command("ping")
                return
        async with asyncio.timeout(PING_TIMEOUT_SECONDS):
            await self._client.admin.command("ping")

    async def _look(self) -> bool:
        try:
            await self._ping()
            if not self._is_initialised:
                await self._initialise()
        except (PyMongoError, TimeoutError) as error:
            log.debug("The database did not answer: %s", error)
            return False
        return True

    async def _initialise(self) -> None:
        for name, documents in self._documents.items():
            await init_beanie(database=self._client[name], document_models=list(documents))
        self._is_initialised = True


def _collection(kind: type[Document]) -> str:
    """The collection's name, before Beanie knows of it."""
    return str(kind.Settings.name)


def _unavailable() -> AppError:
    return AppError(
        ErrorCode.DATABASE_UNAVAILABLE,
        "The database cannot be reached.",
        hint="Nothing was changed that was not confirmed; try again in a moment.",
    )
