"""A real mongod of our own: a single-node replica set on a private Unix socket.

A replica set, because change streams need one; a Unix socket in a folder only the owner can
enter, because then there is no port to protect and no password to keep.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote_plus

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import OperationFailure, PyMongoError

from app.mongo.process import MongodProcess, ParentsMongod

log = logging.getLogger(__name__)

REPLICA_SET = "rs0"
READY_SECONDS = 60.0
NOT_YET_INITIALIZED = 94


class EmbeddedMongoFailed(Exception):
    """mongod does not start; the message says why."""


def socket_uri(socket: Path) -> str:
    """Where to connect to the mongod behind that socket, whoever started it."""
    return f"mongodb://{quote_plus(str(socket))}/?directConnection=true"


class EmbeddedMongo:
    """Brings a spawned mongod to primary, restarts it when it dies, and stops it."""

    def __init__(self, process: MongodProcess) -> None:
        self._process = process
        self._watcher: asyncio.Task[None] | None = None

    @property
    def uri(self) -> str:
        """Where to connect."""
        return socket_uri(self._process.socket)

    async def start(self) -> None:
        """Wait until mongod takes writes, and keep it running from then on.

        Raises:
            EmbeddedMongoFailed: It ended, or was not ready within a minute.
        """
        await wait_until_primary(self._process)
        self._watcher = asyncio.create_task(self._watch(), name="embedded mongod")

    async def stop(self) -> None:
        """End mongod in an orderly way, within three seconds."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        await asyncio.to_thread(self._process.stop)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            if self._process.is_running():
                continue
            log.warning("The embedded MongoDB ended unexpectedly; starting it again.")
            await asyncio.to_thread(self._process.start)  # it may wait for the dying one
            try:
                await wait_until_primary(self._process)
            except EmbeddedMongoFailed as error:
                log.warning("%s Trying again in 5 s.", error)
                await asyncio.sleep(5)


class ParentsMongo:
    """The embedded MongoDB as a worker has it: its parent starts it, watches it and stops it."""

    def __init__(self, process: ParentsMongod) -> None:
        self._process = process

    @property
    def uri(self) -> str:
        """Where to connect."""
        return socket_uri(self._process.socket)

    async def start(self) -> None:
        """Wait until mongod takes writes. Several workers may be about it at once.

        Raises:
            EmbeddedMongoFailed: It was not ready within a minute.
        """
        await wait_until_primary(self._process)

    async def stop(self) -> None:
        """Leave it to the parent."""


async def wait_until_primary(process: MongodProcess | ParentsMongod) -> None:
    """Return when mongod takes writes; a new one is told to be a replica set.

    Raises:
        EmbeddedMongoFailed: It ended, or was not ready within a minute.
    """
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(
        socket_uri(process.socket),
        serverSelectionTimeoutMS=200,
        connectTimeoutMS=2000,
        socketTimeoutMS=10_000,
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await _is_primary(process.socket, client):
                if not process.is_running():
                    raise EmbeddedMongoFailed(
                        f"The embedded MongoDB ended at once: {process.last_words()}"
                    )
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise EmbeddedMongoFailed(
            f"The embedded MongoDB was not ready within {READY_SECONDS:.0f} s; "
            f"its log is {process.log_path}."
        ) from None
    finally:
        client.close()


async def _is_primary(socket: Path, client: AsyncIOMotorClient[dict[str, object]]) -> bool:
    if not socket.exists():  # noqa: ASYNC240 - one look at a local folder
        return False
    try:
        hello = await client.admin.command("hello")
        if hello.get("isWritablePrimary"):
            return True
        await _set_up_replica_set(socket, client)
    except PyMongoError:
        return False
    return False


async def _set_up_replica_set(socket: Path, client: AsyncIOMotorClient[dict[str, object]]) -> None:
    """Initiate the set on a new database; follow the socket when the folder moved."""
    host = str(socket)
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        member: Mapping[str, object] = {"_id": 0, "host": host}
        await client.admin.command({"replSetInitiate": {"_id": REPLICA_SET, "members": [member]}})
        return
    if config["members"][0]["host"] != host:
        config["members"] = [{**config["members"][0], "host": host}]
        config["version"] += 1
        await client.admin.command({"replSetReconfig": config, "force": True})
