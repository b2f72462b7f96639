"""Stored servers."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

import orjson
from beanie import Document
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from app.domain.delivery import Delivery, SecretBinding, bindings_for
from app.domain.errors import AppError, ErrorCode
from app.domain.log_level import LogLevel
from app.domain.news import ServerMark
from app.domain.page import PageRequest
from app.domain.server import (
    DEFAULT_CALL_SECONDS,
    DEFAULT_LONGEST_CALL_SECONDS,
    Isolation,
    Server,
    ServerSettings,
    Transport,
    name_taken,
)
from app.domain.tool import Tool, parse_tool
from app.models.server_access import read_access, write_access
from app.mongo.database import Database
from app.mongo.kept import Found, Kept, Key, Source

COLLECTION = "servers"
MOST_KEPT_BYTES = 64 * 1024**2
# A parsed listing takes so many times the bytes of its text.
PARSED = 4
# A document may have 16 MiB; a listing beyond this is asked for again instead of kept.
MAX_KEPT_TOOLS_BYTES = 4 * 1024**2


class ServerDoc(Document):
    """One server. `tools_json` is the last listing as text: schemas have keys with `$` and dots."""

    name: str
    display_name: str | None
    description: str | None
    transport: Transport
    command: str | None
    args: list[str]
    env: dict[str, str]
    cwd: str | None
    url: str | None = None
    headers: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it for every document
    allows_private_network: bool | None = None
    secret_names: list[str] = []  # noqa: RUF012 - of documents written before there was `secrets`
    secrets: list[dict[str, Any]] | None = None
    masks_results: bool = True
    isolation: Isolation = Isolation.SHARED
    startup_timeout_seconds: float
    call_timeout_seconds: float = DEFAULT_CALL_SECONDS
    longest_call_seconds: float = DEFAULT_LONGEST_CALL_SECONDS
    idle_seconds: float | None = None
    max_concurrent_calls: int | None = None
    max_sessions: int | None = None
    checks_arguments: bool = True
    log_level: LogLevel | None = None
    access: dict[str, Any] | None = None
    is_enabled: bool
    revision: str
    package_dir: str | None
    install_id: str | None
    tools_json: str
    created_at: datetime
    updated_at: datetime

    class Settings:
        """Beanie's settings."""

        name = COLLECTION
        indexes = [IndexModel([("name", ASCENDING)], name="name_unique", unique=True)]  # noqa: RUF012 - Beanie reads it so

    @classmethod
    def from_domain(cls, server: Server) -> Self:
        """The document of a server."""
        return cls(**_fields(server))

    def to_domain(self) -> Server:
        """The server in this document."""
        return Server(
            settings=ServerSettings(
                name=self.name,
                display_name=self.display_name,
                description=self.description,
                transport=self.transport,
                command=self.command,
                args=tuple(self.args),
                env=self.env,
                cwd=self.cwd,
                url=self.url,
                headers=self.headers,
                allows_private_network=self.allows_private_network,
                secrets=bindings_for(self.secret_names)
                if self.secrets is None
                else tuple(_read_binding(row) for row in self.secrets),
                masks_results=self.masks_results,
                isolation=self.isolation,
                startup_timeout_seconds=self.startup_timeout_seconds,
                call_timeout_seconds=self.call_timeout_seconds,
                longest_call_seconds=self.longest_call_seconds,
                idle_seconds=self.idle_seconds,
                max_concurrent_calls=self.max_concurrent_calls,
                max_sessions=self.max_sessions,
                checks_arguments=self.checks_arguments,
                log_level=self.log_level,
                access=read_access(self.access),
                is_enabled=self.is_enabled,
            ),
            revision=self.revision,
            package_dir=self.package_dir,
            install_id=self.install_id,
            tools=_read_tools(self.tools_json),
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


class MongoServers:
    """The ServerStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database
        source = Source(collection=COLLECTION, key_fields=("name",), read=self._read)
        self._kept = Kept(database.changes, source, most_bytes=MOST_KEPT_BYTES)
        self.recall = self._kept.recall

    async def find(self, name: str) -> Server | None:
        """The server of that name."""
        return await self._kept.read((name,))

    async def _read(self, key: Key) -> Found[Server] | None:
        async with self._database.operation():
            doc = await ServerDoc.find_one({"name": key[0]})
        if doc is None:
            return None
        return Found(doc.to_domain(), (doc.id,), PARSED * len(doc.tools_json))

    async def list_marks(self, names: Collection[str] | None = None) -> dict[str, ServerMark]:
        """What shows a change of each server, by name: of those, or of all."""
        where = {} if names is None else {"name": {"$in": [*names]}}
        fields = {"_id": 0, "name": 1, "revision": 1, "updated_at": 1}
        async with self._database.operation():
            found = ServerDoc.get_motor_collection().find(where, fields)
            return {
                row["name"]: ServerMark(row["revision"], row["updated_at"]) async for row in found
            }

    async def list_page(self, page: PageRequest) -> list[Server]:
        """Up to `first + 1` servers by name, after the name `after`."""
        where = {} if page.after is None else {"name": {"$gt": page.after}}
        async with self._database.operation():
            query = ServerDoc.find(where).sort("+name").limit(page.first + 1)
            return [doc.to_domain() for doc in await query.to_list()]

    async def find_many(self, names: Sequence[str]) -> dict[str, Server]:
        """The servers of those names, by name."""
        async with self._database.operation():
            found = await ServerDoc.find({"name": {"$in": [*names]}}).to_list()
        return {doc.name: doc.to_domain() for doc in found}

    async def insert(self, server: Server) -> None:
        """Store a new server. Raises CONFLICT when the name is taken."""
        async with self._database.writing(COLLECTION, name=server.name):
            try:
                await ServerDoc.from_domain(server).insert()
            except DuplicateKeyError:
                raise name_taken(server.name) from None

    async def replace(self, server: Server, *, expected: Server) -> None:
        """Store a change of `expected`, all but its tools.

        Raises CONFLICT when somebody changed it meanwhile.
        """
        fields = _fields(server)
        del fields["tools_json"]  # a session may be remembering tools at this moment
        if not await self._change(fields, expected):
            raise AppError(
                ErrorCode.CONFLICT,
                f"Server {server.name!r} was changed by somebody else at the same moment.",
                hint="Look at it again and repeat the change.",
            )

    async def switch(self, server: Server, *, expected: Server) -> bool:
        """Store a change of `expected` with its tools; False when somebody was faster."""
        return await self._change(_fields(server), expected)

    async def remember_tools(self, name: str, revision: str, tools: Sequence[Tool]) -> None:
        """Keep the listing that this revision of the server gave."""
        where = {"name": name, "revision": revision}
        async with self._database.writing(COLLECTION, name=name):
            await ServerDoc.get_motor_collection().update_one(
                where, {"$set": {"tools_json": _write_tools(tools)}}
            )

    async def delete(self, name: str, *, install_id: str | None) -> bool:
        """Remove the server, if it came from that install; False when there was none."""
        where = {"name": name, "install_id": install_id}
        async with self._database.writing(COLLECTION, name=name):
            result = await ServerDoc.get_motor_collection().delete_one(where)
        return bool(result.deleted_count)

    async def _change(self, fields: dict[str, Any], expected: Server) -> bool:
        del fields["created_at"], fields["name"]
        # A change of words alone keeps the revision, so the time has to match as well.
        where = {
            "name": expected.name,
            "revision": expected.revision,
            "updated_at": expected.updated_at,
        }
        async with self._database.writing(COLLECTION, name=expected.name):
            result = await ServerDoc.get_motor_collection().update_one(where, {"$set": fields})
        return bool(result.matched_count)


def _fields(server: Server) -> dict[str, Any]:
    settings = server.settings
    return {
        "name": settings.name,
        "display_name": settings.display_name,
        "description": settings.description,
        "transport": settings.transport.value,
        "command": settings.command,
        "args": list(settings.args),
        "env": dict(settings.env),
        "cwd": settings.cwd,
        "url": settings.url,
        "headers": dict(settings.headers),
        "allows_private_network": settings.allows_private_network,
        "secrets": [_write_binding(binding) for binding in settings.secrets],
        "masks_results": settings.masks_results,
        "isolation": settings.isolation.value,
        "startup_timeout_seconds": settings.startup_timeout_seconds,
        "call_timeout_seconds": settings.call_timeout_seconds,
        "longest_call_seconds": settings.longest_call_seconds,
        "idle_seconds": settings.idle_seconds,
        "max_concurrent_calls": settings.max_concurrent_calls,
        "max_sessions": settings.max_sessions,
        "checks_arguments": settings.checks_arguments,
        "log_level": None if settings.log_level is None else settings.log_level.value,
        "access": write_access(settings.access),
        "is_enabled": settings.is_enabled,
        "revision": server.revision,
        "package_dir": server.package_dir,
        "install_id": server.install_id,
        "tools_json": _write_tools(server.tools),
        "created_at": server.created_at,
        "updated_at": server.updated_at,
    }


def _write_binding(binding: SecretBinding) -> dict[str, Any]:
    return {**asdict(binding), "delivery": binding.delivery.value}


def _read_binding(row: dict[str, Any]) -> SecretBinding:
    return SecretBinding(**{**row, "delivery": Delivery(row["delivery"])})


def _write_tools(tools: Sequence[Tool]) -> str:
    text = orjson.dumps([tool.raw for tool in tools])
    return text.decode() if len(text) <= MAX_KEPT_TOOLS_BYTES else "[]"


def _read_tools(text: str) -> tuple[Tool, ...]:
    parsed = (parse_tool(entry) for entry in orjson.loads(text))
    return tuple(tool for tool in parsed if tool is not None)
