"""The embedded mongod: durable, restarted when it dies, and free to move."""

import asyncio
import fcntl
import os
import shutil
import signal
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SecretRef
from app.mongo.binary import NoMongod, find_mongod
from app.mongo.database import CLIENT_OPTIONS, Database
from app.mongo.embedded import EmbeddedMongo
from app.mongo.process import FOLDER, LONGEST_SOCKET_PATH, MongodProcess, socket_folder
from app.processes.guard import Guard
from tests.conftest import Mongo, Stores
from tests.models.factories import NOW
from tests.waiting import eventually, is_alive, until


def pid_of(process: MongodProcess) -> int:
    assert process._process is not None
    return process._process.pid


async def test_it_listens_on_a_private_socket_only(mongo: Mongo) -> None:
    socket = mongo.process.socket
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    inodes = set()
    for file in Path(f"/proc/{pid_of(mongo.process)}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            inodes.add(os.readlink(file).removeprefix("socket:[").rstrip("]"))
    assert inodes
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = Path(table).read_text().splitlines()[1:]
        assert not inodes & {row.split()[9] for row in rows}


async def test_writes_acknowledged_before_a_kill_are_there_after_it(
    mongo: Mongo, stores: Stores
) -> None:
    acknowledged: list[str] = []
    refused: set[ErrorCode] = set()
    slowest = 0.0

    async def write(worker: int) -> None:
        nonlocal slowest
        for number in range(10_000):
            name = f"w{worker}-{number}"
            started = time.monotonic()
            try:
                await stores.secrets.put(SecretRef("ada", "s", name), "sealed", "key", NOW)
            except AppError as error:
                refused.add(error.code)
                return
            finally:
                slowest = max(slowest, time.monotonic() - started)
            acknowledged.append(name)
            if restarted.is_set():
                return

    restarted = asyncio.Event()
    killed = pid_of(mongo.process)
    async with asyncio.TaskGroup() as group:
        for worker in range(8):
            group.create_task(write(worker))
        await until(lambda: len(acknowledged) > 100)
        os.kill(killed, signal.SIGKILL)
        await until(lambda: pid_of(mongo.process) != killed)
        restarted.set()
    assert slowest < 2.5
    assert refused <= {ErrorCode.DATABASE_UNAVAILABLE}
    found = await eventually(lambda: stores.secrets.list_applying("ada", "s"))
    assert set(acknowledged) <= {secret.ref.name for secret in found}


async def test_an_absent_database_is_said_at_once_and_its_return_noticed(
    mongo: Mongo, stores: Stores, database: Database
) -> None:
    ref = SecretRef("ada", "s", "before")
    await eventually(lambda: stores.secrets.put(ref, "sealed", "key", NOW))
    await mongo.embedded.stop()
    try:
        started = time.monotonic()
        with pytest.raises(AppError) as caught:
            await stores.secrets.put(SecretRef("ada", "s", "during"), "sealed", "key", NOW)
        assert time.monotonic() - started < 2.5
        assert caught.value.code is ErrorCode.DATABASE_UNAVAILABLE
        await until(lambda: not database.is_available, seconds=3)
        started = time.monotonic()
        for operation in (
            stores.secrets.find(ref),
            stores.servers.find("s"),
            stores.packages.list_unfinished(),
        ):
            with pytest.raises(AppError) as caught:
                await operation
            assert caught.value.code is ErrorCode.DATABASE_UNAVAILABLE
        assert time.monotonic() - started < 0.1
        with pytest.raises(AppError):
            database.check()
    finally:
        mongo.process.start()
        await mongo.embedded.start()
    found = await eventually(lambda: stores.secrets.list_applying("ada", "s"))
    assert [secret.ref.name for secret in found] == ["before"]


@asynccontextmanager
async def running(folder: Path, guard: Guard) -> AsyncIterator[AsyncIOMotorClient[dict[str, Any]]]:
    process = MongodProcess(find_mongod(None), folder, guard)
    process.start()
    embedded = EmbeddedMongo(process)
    await embedded.start()
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(embedded.uri, **CLIENT_OPTIONS)
    try:
        yield client
    finally:
        client.close()
        await embedded.stop()
    assert not process.socket.exists()


async def test_a_data_folder_that_was_moved_opens_where_it_is(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("mv")
    here, there = root / "here", root / "there"
    here.mkdir()
    async with running(here, guard) as client:
        await client.test.things.insert_one({"_id": 1})
    here.rename(there)
    async with running(there, guard) as client:
        assert await client.test.things.find_one({}) == {"_id": 1}
        await client.test.things.insert_one({"_id": 2})
    shutil.rmtree(root)


async def test_one_that_was_killed_but_has_not_let_go_of_its_files_is_waited_for(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kl")
    async with running(folder, guard):
        pass
    loop = asyncio.get_running_loop()
    with (folder / FOLDER / "mongod.lock").open("rb") as dying:
        fcntl.flock(dying, fcntl.LOCK_EX)
        letting_go = threading.Timer(0.3, fcntl.flock, (dying, fcntl.LOCK_UN))
        letting_go.start()
        started = loop.time()
        async with running(folder, guard):
            assert loop.time() - started > 0.2
        letting_go.join()


async def test_stopping_leaves_no_process(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("st")
    process = MongodProcess(find_mongod(None), folder, guard)
    process.start()
    pid = pid_of(process)
    assert process.is_running()
    started = time.monotonic()
    process.stop()
    assert time.monotonic() - started < 4
    assert not is_alive(pid)
    assert not process.is_running()
    shutil.rmtree(folder)


def test_a_short_folder_keeps_its_socket_and_a_long_one_gets_another(tmp_path: Path) -> None:
    short = tmp_path / "d"
    long = tmp_path / ("x" * 100)
    made: Callable[[Path], Path] = socket_folder
    assert made(short) == short / "run"
    elsewhere = made(long)
    assert not elsewhere.is_relative_to(tmp_path)
    assert len(os.fsencode(elsewhere / "mongodb-27017.sock")) <= LONGEST_SOCKET_PATH
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert made(long) == elsewhere
    elsewhere.rmdir()


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o755)
    (tmp_path / "run").symlink_to(target)
    with pytest.raises(PermissionError):
        socket_folder(tmp_path)
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


def test_a_configured_mongod_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoMongod, match=r"MONGOD_BINARY=.*/none does not exist"):
        find_mongod(tmp_path / "none")
