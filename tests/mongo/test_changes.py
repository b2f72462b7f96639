"""What is kept from the database, and the streams that keep it true."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure
from pymongo.read_concern import ReadConcern

from app.mongo.binary import find_mongod
from app.mongo.changes import Change, ChangeWatch, Listener
from app.mongo.database import CLIENT_OPTIONS
from app.mongo.embedded import socket_uri
from app.mongo.kept import Found, Kept, Key, Source
from app.processes.guard import Guard
from tests.conftest import Mongo
from tests.waiting import until

Collection = Any


@dataclass(slots=True)
class Ear:
    """What a listener was told."""

    changes: list[Change] = field(default_factory=list)
    gaps: int = 0

    def on_change(self, change: Change) -> None:
        self.changes.append(change)

    def on_gap(self) -> None:
        self.gaps += 1

    def documents(self) -> list[Mapping[str, Any] | None]:
        return [change.document for change in self.changes]


@dataclass(slots=True)
class Room:
    """A watch over one collection, a listener, and values kept by `owner` and `place`."""

    watch: ChangeWatch
    things: Collection
    ear: Ear
    kept: Kept[tuple[str, ...]]
    reads: list[Key]

    async def value(self, *key: str) -> tuple[str, ...]:
        return await self.kept.get(key) or ()


@pytest.fixture
async def room(mongo: Mongo) -> AsyncIterator[Room]:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        mongo.embedded.uri, **CLIENT_OPTIONS
    )
    things, reads, ear = client.watched.things, [], Ear()
    watch = ChangeWatch(
        lambda: AsyncMongoClient(mongo.embedded.uri, **CLIENT_OPTIONS), {"things": "watched"}
    )

    async def read(key: Key) -> Found[tuple[str, ...]] | None:
        reads.append(key)
        rows = await things.find({"owner": key[0], "place": key[1]}).to_list(None)
        found = tuple(sorted(row["text"] for row in rows))
        return Found(found, [row["_id"] for row in rows], sum(map(len, found)))

    source = Source(
        collection="things", key_fields=("owner", "place"), updates_of=("text",), read=read
    )
    kept = Kept(watch, source, most_bytes=5500)
    watch.listen(
        Listener(
            collection="things",
            fields=("owner",),
            updates_of=("text",),
            on_change=ear.on_change,
            on_gap=ear.on_gap,
        )
    )
    owner = asyncio.create_task(watch.own())
    await until(lambda: watch.is_live)
    yield Room(watch, things, ear, kept, reads)
    owner.cancel()
    await asyncio.gather(owner, return_exceptions=True)
    await client.drop_database("watched")
    client.close()


def row(owner: str, place: str, text: str, **more: object) -> dict[str, object]:
    return {"owner": owner, "place": place, "text": text, **more}


async def test_every_kind_of_change_is_told_with_the_fields_asked_for(room: Room) -> None:
    gaps = room.ear.gaps
    await room.things.insert_one(row("ada", "s", "a text", _id=1))
    await room.things.update_one({"_id": 1}, {"$set": {"text": "another"}})
    await room.things.replace_one({"_id": 1}, row("bob", "s", "a third"))
    await room.things.delete_one({"_id": 1})
    await until(lambda: len(room.ear.changes) == 4)
    seen = {"owner": "bob", "place": "s"}
    assert room.ear.changes[0] == Change(1, {"owner": "ada", "place": "s"})
    # An update is told with the document as it is when that is looked up.
    assert room.ear.changes[1].id == 1
    assert room.ear.changes[2:] == [Change(1, seen), Change(1, None)]
    assert room.ear.gaps == gaps


async def test_a_document_that_upsets_a_listener_does_not_end_the_stream(room: Room) -> None:
    await room.things.insert_one({"_id": {"is": "a mapping"}, "owner": {"$ne": ""}, "place": "s"})
    await until(lambda: room.ear.gaps >= 2)  # the stream begins again, and nothing kept counts
    await until(lambda: room.watch.is_live)
    await room.things.insert_one(row("ada", "s", "a text", _id=1))
    await until(lambda: Change(1, {"owner": "ada", "place": "s"}) in room.ear.changes)


async def test_a_value_is_read_once_and_again_when_it_has_changed(room: Room) -> None:
    await room.things.insert_many([row("ada", "s", "one", _id=1), row("bob", "s", "two", _id=2)])
    await until(lambda: len(room.ear.changes) == 2)
    for _ in range(3):
        assert await room.value("ada", "s") == ("one",)
        assert await room.value("bob", "s") == ("two",)
        assert await room.value("eve", "s") == ()
    assert room.reads == [("ada", "s"), ("bob", "s"), ("eve", "s")]
    await room.things.update_one({"_id": 1}, {"$set": {"text": "new"}})
    await until(lambda: len(room.ear.changes) == 3)
    assert await room.value("ada", "s") == ("new",)
    await room.things.insert_one(row("eve", "s", "first", _id=3))
    await until(lambda: len(room.ear.changes) == 4)
    assert await room.value("eve", "s") == ("first",)
    await room.things.delete_one({"_id": 1})  # tells no owner
    await until(lambda: len(room.ear.changes) == 5)
    assert await room.value("ada", "s") == ()
    assert await room.value("bob", "s") == ("two",)
    assert room.reads[3:] == [("ada", "s"), ("eve", "s"), ("ada", "s")]


async def test_an_update_of_other_fields_forgets_nothing(room: Room) -> None:
    await room.things.insert_one(row("ada", "s", "one", _id=1))
    await until(lambda: len(room.ear.changes) == 1)
    assert await room.value("ada", "s") == ("one",)
    await room.things.update_one({"_id": 1}, {"$set": {"used": 1}})
    await room.things.insert_one(row("bob", "s", "two", _id=2))
    await until(lambda: room.ear.changes[-1].id == 2)
    assert await room.value("ada", "s") == ("one",)
    assert room.reads == [("ada", "s")]


async def test_a_write_of_this_process_is_seen_by_its_next_read(room: Room) -> None:
    for number in range(20):
        await room.things.replace_one({"_id": 1}, row("ada", "s", str(number)), upsert=True)
        room.watch.wrote("things", {"owner": "ada", "place": "s"})
        assert await room.value("ada", "s") == (str(number),)
    await room.things.delete_many({"owner": "ada"})
    room.watch.wrote("things", {"owner": "ada"})  # all of hers, wherever
    assert await room.value("ada", "s") == ()


async def test_what_was_read_before_a_change_is_not_kept_after_it(room: Room) -> None:
    await room.things.insert_one(row("ada", "s", "old", _id=1))
    await until(lambda: len(room.ear.changes) == 1)
    reading = asyncio.create_task(room.value("ada", "s"))
    await asyncio.sleep(0)  # it is on its way to the database
    room.watch.wrote("things", {"owner": "ada", "place": "s"})
    await reading
    await room.value("ada", "s")
    assert room.reads == [("ada", "s"), ("ada", "s")]


async def test_the_longest_unused_are_forgotten_beyond_the_bound(room: Room) -> None:
    await room.things.insert_many([row(f"user{n}", "s", "x" * 100) for n in range(6)])
    await until(lambda: len(room.ear.changes) == 6)
    for number in range(6):
        await room.value(f"user{number}", "s")
        await room.value("user0", "s")
    assert len(room.kept) == 5
    assert room.reads == [(f"user{n}", "s") for n in range(6)]
    await room.value("user1", "s")
    assert len(room.reads) == 7
    await room.things.insert_one(row("big", "s", "x" * 6000))
    await until(lambda: len(room.ear.changes) == 7)
    assert len((await room.value("big", "s"))[0]) == 6000
    assert len(room.kept) == 0  # it alone is more than the bound


async def test_a_dropped_collection_or_database_forgets_all(room: Room) -> None:
    await room.things.insert_one(row("ada", "s", "one", _id=1))
    await until(lambda: len(room.ear.changes) == 1)
    assert await room.value("ada", "s") == ("one",)
    gaps = room.ear.gaps
    await room.things.drop()
    await until(lambda: room.ear.gaps > gaps)
    assert await room.value("ada", "s") == ()
    await room.things.database.client.drop_database("watched")
    await until(lambda: not room.watch.is_live)
    await until(lambda: room.watch.is_live)
    await room.things.insert_one(row("ada", "s", "two", _id=2))
    await until(lambda: Change(2, {"owner": "ada", "place": "s"}) in room.ear.changes)
    assert await room.value("ada", "s") == ("two",)


async def test_a_stream_that_the_server_ends_goes_on_where_it_was(room: Room) -> None:
    await room.things.insert_one(row("ada", "s", "one", _id=1))
    await until(lambda: len(room.ear.changes) == 1)
    assert await room.value("ada", "s") == ("one",)
    gaps = room.ear.gaps
    await kill_streams(room.things.database.client)
    await until(lambda: not room.watch.is_live)
    assert len(room.kept) == 0
    await room.things.update_one({"_id": 1}, {"$set": {"text": "changed meanwhile"}})
    assert await room.value("ada", "s") == ("changed meanwhile",)
    await until(lambda: room.watch.is_live)
    await until(lambda: len(room.ear.changes) == 2)
    assert room.ear.gaps == gaps + 1  # when it was lost, and not again
    assert await room.value("ada", "s") == ("changed meanwhile",)


async def kill_streams(client: Any) -> None:
    """End every change stream, as a failover does."""
    admin = client.get_database("admin", read_concern=ReadConcern("local"))
    async for operation in admin.aggregate([{"$currentOp": {"idleCursors": True}}]):
        cursor = operation.get("cursor") or {}
        pipeline = (cursor.get("originatingCommand") or {}).get("pipeline") or [{}]
        if "$changeStream" in pipeline[0]:
            name = operation["ns"].partition(".")[0]
            await client[name].command(
                {"killCursors": "$cmd.aggregate", "cursors": [cursor["cursorId"]]}
            )


async def test_a_killed_mongod_is_no_reason_to_answer_from_memory(
    room: Room, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.things.insert_one(row("ada", "s", "one", _id=1))
    await until(lambda: len(room.ear.changes) == 1)
    assert await room.value("ada", "s") == ("one",)
    pid = mongo.process._process
    assert pid is not None
    reads = len(room.reads)
    with monkeypatch.context() as away:
        away.setattr(mongo.process, "is_running", lambda: True)  # else it is soon back
        os.kill(pid.pid, signal.SIGKILL)
        await until(lambda: not room.watch.is_live)
        with pytest.raises(ConnectionFailure):
            await room.value("ada", "s")
    assert len(room.reads) == reads + 1
    await until(lambda: room.watch.is_live, seconds=20)
    assert await room.value("ada", "s") == ("one",)


async def test_a_frozen_mongod_is_noticed_within_two_seconds(room: Room, mongo: Mongo) -> None:
    process = mongo.process._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        await until(lambda: not room.watch.is_live, seconds=2)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    await until(lambda: room.watch.is_live)


async def test_a_mongod_without_change_streams_is_read_every_time(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    with alone(tmp_path_factory.mktemp("sa")) as uri:
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(uri, **CLIENT_OPTIONS)
        watch = ChangeWatch(lambda: AsyncMongoClient(uri, **CLIENT_OPTIONS), {"things": "watched"})
        reads: list[Key] = []

        async def read(key: Key) -> Found[object]:
            reads.append(key)
            return Found(await client.watched.things.find_one({"owner": key[0]}), (), 0)

        kept = Kept(
            watch, Source(collection="things", key_fields=("owner",), read=read), most_bytes=10_000
        )
        owner = asyncio.create_task(watch.own())
        await until(lambda: "no change streams" in caplog.text)
        assert await kept.get(("ada",)) is None
        await client.watched.things.insert_one({"_id": 1, "owner": "ada"})
        assert await kept.get(("ada",)) == {"_id": 1, "owner": "ada"}
        assert len(reads) == 2
        assert not watch.is_live
        assert not owner.done()
        owner.cancel()
        await asyncio.gather(owner, return_exceptions=True)
        client.close()


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[str]:
    """A mongod that is no replica set."""
    socket = folder / "mongodb-27017.sock"
    process = subprocess.Popen(
        [
            find_mongod(None), "--dbpath", folder, "--bind_ip", socket,
            "--unixSocketPrefix", folder, "--wiredTigerCacheSizeGB", "0.25", "--quiet",
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield socket_uri(socket)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
