"""Change streams: what any process writes, told to this one as soon as a majority has it.

A listener may trust what it keeps while `is_live` is true. When a stream is lost, every listener is
told to forget all, and again if the stream cannot go on where it was: nothing is missed silently.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

log = logging.getLogger(__name__)

AWAIT_MILLISECONDS = 500
# Silence for longer than an empty answer takes means that nobody is there.
SILENCE_SECONDS = 1.0
CLOSE_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
# A deployment without change streams may become one with them.
UNAVAILABLE_PAUSE_SECONDS = 60.0
# Not a replica set; not allowed.
UNAVAILABLE = frozenset((40573, 13))
RESUMABLE = "ResumableChangeStreamError"
# Its cursor was not found, or killed.
RESUMABLE_CODES = frozenset((43, 237))
OF_DOCUMENTS = frozenset(("insert", "update", "replace", "delete"))

Client = AsyncMongoClient[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """A document was written or deleted.

    `id` is its `_id`, None for a write of this process. `document` has the fields asked for as they
    are now; it is None when the document is gone.
    """

    id: object | None
    document: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who is told of a collection's changes; both callbacks must return at once.

    `fields` are those of the document that it wants to see. With `updates_of`, an update that
    touches none of these is no change. `on_gap` means: anything may have changed, forget all.
    """

    collection: str
    fields: Sequence[str]
    updates_of: Sequence[str] | None = None
    on_change: Callable[[Change], None]
    on_gap: Callable[[], None]


class ChangeWatch:
    """One stream for each database that has a collection somebody listens to."""

    def __init__(self, connect: Callable[[], Client], databases: Mapping[str, str]) -> None:
        self._connect = connect
        self._databases = databases
        self._listeners: list[Listener] = []
        self._streams: tuple[_Stream, ...] = ()
        self.is_live = False
        """Whether every change so far has been told, but for the last milliseconds."""

    def listen(self, listener: Listener) -> None:
        """Tell it of changes from now on; before `own`."""
        self._listeners.append(listener)

    def wrote(self, collection: str, document: Mapping[str, Any]) -> None:
        """Tell of a write of this process at once; the stream will tell of it again."""
        self._tell(collection, Change(None, document))

    def forget_all(self) -> None:
        """Tell every listener that anything may have changed."""
        for listener in self._listeners:
            listener.on_gap()

    async def own(self) -> None:
        """Follow the streams until cancelled; whatever happens to them, begin again."""
        by_database: dict[str, list[Listener]] = {}
        for listener in self._listeners:
            by_database.setdefault(self._databases[listener.collection], []).append(listener)
        client = self._connect()
        self._streams = tuple(
            _Stream(client, name, listeners, self) for name, listeners in by_database.items()
        )
        try:
            async with asyncio.TaskGroup() as group:
                for stream in self._streams:
                    group.create_task(stream.follow(), name=f"change stream of {stream.database}")
        finally:
            self.is_live = False
            await client.close()

    def heard(self, event: Mapping[str, Any]) -> None:
        """Tell the listeners of one event of a stream."""
        if event["operationType"] in OF_DOCUMENTS:
            document = event.get("fullDocument")
            self._tell(event["ns"]["coll"], Change(event["documentKey"]["_id"], document))
        else:  # a collection was dropped or renamed, perhaps by a restore
            self.forget_all()

    def look(self) -> None:
        """Take note that a stream came up or was lost."""
        self.is_live = all(stream.is_live for stream in self._streams)

    def _tell(self, collection: str, change: Change) -> None:
        for listener in self._listeners:
            if listener.collection == collection:
                listener.on_change(change)


class _Stream:
    """The changes of one database, from the last one that was told on."""

    def __init__(
        self, client: Client, database: str, listeners: Sequence[Listener], watch: ChangeWatch
    ) -> None:
        self.database = database
        self.is_live = False
        self._client = client
        self._watch = watch
        self._stages = _stages(listeners)
        self._token: Mapping[str, Any] | None = None
        self._pause = FIRST_PAUSE_SECONDS

    async def follow(self) -> None:
        """Open the stream and tell what it says, again and again."""
        while True:
            try:
                async with asyncio.timeout(None) as limit:
                    cursor = await self._open(limit)
                    await self._read(cursor, limit)
                self._token = None  # the server has ended it: the database was dropped
            except (ConnectionFailure, TimeoutError) as error:
                log.debug("The changes of %s are out of reach: %s", self.database, error)
            except PyMongoError as error:
                self._refused(error)
            except Exception:  # one odd document must not end the watch for all that follow
                log.exception("A change of %s could not be told.", self.database)
            await asyncio.sleep(self._pause)
            if self._pause < LONGEST_PAUSE_SECONDS:
                self._pause *= 2

    async def _open(self, limit: asyncio.Timeout) -> AsyncCommandCursor[dict[str, Any]]:
        _extend(limit, LONGEST_PAUSE_SECONDS)
        stage: dict[str, Any] = {"fullDocument": "updateLookup"}
        if self._token is not None:
            stage["resumeAfter"] = self._token
        pipeline = [{"$changeStream": stage}, *self._stages]
        # A plain aggregation: the driver's own change stream resumes without telling anybody.
        return await self._client[self.database].aggregate(
            pipeline, maxAwaitTimeMS=AWAIT_MILLISECONDS
        )

    async def _read(
        self, cursor: AsyncCommandCursor[dict[str, Any]], limit: asyncio.Timeout
    ) -> None:
        if self._token is None:
            self._watch.forget_all()  # nobody was told what happened before
        self._set_live(is_live=True)
        self._pause = FIRST_PAUSE_SECONDS
        log.debug("The changes of %s are followed.", self.database)
        try:
            while cursor.alive:
                _end_if_cancelled()
                _extend(limit, SILENCE_SECONDS)
                event = await cursor.try_next()
                if event is not None:
                    self._token = event["_id"]
                    self._watch.heard(event)
        finally:
            self._set_live(is_live=False)
            self._watch.forget_all()
            with contextlib.suppress(PyMongoError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await cursor.close()

    def _refused(self, error: PyMongoError) -> None:
        code = error.code if isinstance(error, OperationFailure) else None
        if code in RESUMABLE_CODES or error.has_error_label(RESUMABLE):
            return
        # Where it was is no longer in the oplog, or cannot be read: begin anew.
        self._token = None
        if code not in UNAVAILABLE:
            log.warning("The changes of %s cannot be followed: %s.", self.database, code)
            return
        if self._pause < UNAVAILABLE_PAUSE_SECONDS:
            log.warning(
                "MongoDB gives no change streams of the database %s (error %s). Every call reads "
                "from it, and what other replicas change is noticed by the next call only.",
                self.database, code,
            )  # fmt: skip
        self._pause = UNAVAILABLE_PAUSE_SECONDS

    def _set_live(self, *, is_live: bool) -> None:
        self.is_live = is_live
        self._watch.look()


def _end_if_cancelled() -> None:
    """Make up for a cancellation that the driver has lost.

    It sends through `asyncio.wait_for`, which up to Python 3.11 forgets of one that comes in the
    same moment as what is waited for (python/cpython#86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _extend(limit: asyncio.Timeout, seconds: float) -> None:
    limit.reschedule(asyncio.get_running_loop().time() + seconds)


def _stages(listeners: Sequence[Listener]) -> list[dict[str, Any]]:
    """Only what somebody listens to, and of documents only the fields that are asked for."""
    collections = sorted({listener.collection for listener in listeners})
    wanted: list[dict[str, Any]] = [
        {"to.coll": {"$in": collections}},
        {"operationType": {"$in": ["dropDatabase", "invalidate"]}},
    ]
    for name in collections:
        wanted.append({"ns.coll": name, "operationType": {"$ne": "update"}})
        touched = [li.updates_of for li in listeners if li.collection == name]
        update: dict[str, Any] = {"ns.coll": name, "operationType": "update"}
        if None not in touched:
            paths = {
                f"updateDescription.updatedFields.{f}" for fields in touched for f in fields or ()
            }
            update["$or"] = [{path: {"$exists": True}} for path in sorted(paths)]
        wanted.append(update)
    fields = {f"fullDocument.{field}" for listener in listeners for field in listener.fields}
    shown = ("operationType", "ns", "documentKey", *sorted(fields))
    return [{"$match": {"$or": wanted}}, {"$project": dict.fromkeys(shown, 1)}]
