"""What services need from the engines and the database, as Protocols over plain data."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from app.domain.news import ServerMark
from app.domain.page import PageRequest
from app.domain.secret import SealedSecret, Secret, SecretRef
from app.domain.server import Server, ServerStatus
from app.domain.session import (
    ListingKind,
    LogMessage,
    Progress,
    SessionKey,
    SessionPlan,
    SessionView,
)
from app.domain.tool import Tool


class DatabaseWatch(Protocol):
    """Whether the database can be reached."""

    def check(self) -> None:
        """Return when it can. Raises DATABASE_UNAVAILABLE."""


class ServerStore(Protocol):
    """Stored servers. Every method raises DATABASE_UNAVAILABLE when the database is away."""

    async def find(self, name: str) -> Server | None:
        """The server of that name."""

    def recall(self, name: str, /) -> Server | None:
        """The same from memory, where that is kept true; else None."""

    async def list_marks(self, names: Collection[str] | None = None) -> dict[str, ServerMark]:
        """What shows a change of each server, by name: of those, or of all."""

    async def list_page(self, page: PageRequest) -> list[Server]:
        """Up to `first + 1` servers by name, after the name `after`."""

    async def find_many(self, names: Sequence[str]) -> dict[str, Server]:
        """The servers of those names, by name."""

    async def insert(self, server: Server) -> None:
        """Store a new server. Raises CONFLICT when the name is taken."""

    async def replace(self, server: Server, *, expected: Server) -> None:
        """Store a change of `expected`, all but its tools.

        Raises CONFLICT when somebody changed it meanwhile.
        """

    async def remember_tools(self, name: str, revision: str, tools: Sequence[Tool]) -> None:
        """Keep the listing that this revision of the server gave."""

    async def switch(self, server: Server, *, expected: Server) -> bool:
        """Store a change of `expected` with its tools; False when somebody was faster."""

    async def delete(self, name: str, *, install_id: str | None) -> bool:
        """Remove the server, if it came from that install; False when there was none."""


class SecretStore(Protocol):
    """Sealed secrets. Every method raises DATABASE_UNAVAILABLE when the database is away."""

    async def put(self, ref: SecretRef, sealed: str, key_id: str, now: datetime) -> Secret:
        """Set or replace one."""

    async def find(self, ref: SecretRef) -> Secret | None:
        """The one at that place."""

    async def list_applying(self, username: str, server_name: str) -> list[SealedSecret]:
        """Those of one user for one server, and those that all its users share."""

    def mark(self) -> int | None:
        """The same as long as no secret has changed as far as this process knows.

        None where it cannot know.
        """

    async def recall_applying(self, username: str, server_name: str) -> list[SealedSecret]:
        """The same from memory, where that is kept true; else read.

        Of what has not changed the very same objects come again.
        """

    async def list_of_server(self, username: str, server_name: str) -> list[Secret]:
        """All of one user for one server, by name."""

    async def names_applying(self, username: str) -> Mapping[str, Sequence[str]]:
        """The names of one user's, and of those that all users share, by server."""

    async def count(self, username: str, server_name: str | None = None) -> int:
        """How many a user has, for that server or for all."""

    async def note_use(self, used: Mapping[SecretRef, datetime]) -> None:
        """Keep when each was used last."""

    async def list_page(
        self, username: str, server_name: str | None, page: PageRequest
    ) -> list[Secret]:
        """Up to `first + 1` of a user, ordered by server and name."""

    async def delete(self, ref: SecretRef) -> bool:
        """Remove one; False when there was none."""

    async def list_v1(self, after: SecretRef | None, limit: int) -> list[SealedSecret]:
        """Those sealed as the first release did, by place, after the place `after`."""

    async def reseal(self, secret: SealedSecret, *, sealed: str, key_id: str) -> bool:
        """Replace the sealed text of the same value; False when it changed meanwhile."""

    async def counts_by_key(self) -> Mapping[str, int]:
        """How many v1 texts there are under each deployment key."""

    async def delete_of_user(self, username: str) -> int:
        """Remove every one of that user; how many there were."""

    async def delete_of_server(self, server_name: str) -> int:
        """Remove every user's for that server; how many there were."""

    async def users_of_server(self, server_name: str) -> Mapping[str, int]:
        """Who has secrets for that server, and how many."""


class CallEvents(Protocol):
    """Where the progress and log messages of one call go."""

    def on_progress(self, progress: Progress) -> None:
        """A progress notification of this call."""

    def on_log(self, message: LogMessage) -> None:
        """A log message that this call caused."""


class CallListener(CallEvents, Protocol):
    """The same for a session, which has to know whose call it is."""

    @property
    def username(self) -> str:
        """Whom the call is for."""


class Session(Protocol):
    """A live connection to one server."""

    @property
    def tools(self) -> Mapping[str, Tool]:
        """What the server listed last, by name."""

    async def refresh_tools(self) -> None:
        """Ask the server for its tools again."""

    async def list_entries(self, kind: ListingKind) -> list[Mapping[str, object]]:
        """A listing as the server sent it, kept until the server says that it changed.

        Raises SERVER_FAILED.
        """

    async def call_tool(
        self, name: str, arguments: Mapping[str, object], listener: CallListener | None = None
    ) -> dict[str, object]:
        """One `tools/call`, sent once; cancelled at the server when the caller is cancelled.

        Raises SERVER_FAILED, SESSION_LIMIT, or INVALID_INPUT for what JSON cannot carry; NotSent
        when the server surely never got it.
        """

    async def request(self, method: str, params: Mapping[str, object]) -> dict[str, object]:
        """The raw result of any other request. Raises SERVER_FAILED, NotSent or INVALID_INPUT."""

    def let_go(self) -> None:
        """Who held it is done with it."""


class Sessions(Protocol):
    """The registry of live sessions."""

    def use(self, plan: SessionPlan) -> AbstractAsyncContextManager[Session]:
        """The live session of that plan, started when there is none, kept while in use.

        Entering it raises SERVER_DID_NOT_START, SESSION_LIMIT or SHUTTING_DOWN.
        """

    async def hold(self, plan: SessionPlan) -> Session:
        """The same, to be let go of in any case."""

    def hold_live(self, key: SessionKey) -> Session | None:
        """The same of a session that is up already; None where there is no such one."""

    def keep(self, plan: SessionPlan) -> None:
        """Start it in the background, and start it again when it dies."""

    def restart(self, server_name: str) -> None:
        """Replace every session of the server by a new one, when its calls are done."""

    def retire(self, server_name: str, revision: str) -> None:
        """Take that revision out of service; its sessions end when their calls are done."""

    def status(self, server_name: str, revision: str) -> ServerStatus:
        """Whether that revision is up."""

    def last_error(self, server_name: str, revision: str) -> str | None:
        """Why the last start failed, or the last session ended unasked, if none is up since."""

    def logs(self, server_name: str, last: int) -> list[str]:
        """The last lines the server wrote to stderr, oldest first, masked."""

    def views(self) -> list[SessionView]:
        """Every session of this process, by server, those that are ending included."""

    def end(self, key: SessionKey) -> None:
        """End one session, if there is such a one, when its calls are done."""

    def end_user(self, owner: str) -> None:
        """End every session of a user who is gone, at once."""

    async def memory_bytes(self, pid: int) -> int | None:
        """What a session's process and its descendants hold; None when it is gone."""

    def forget(self, server_name: str, *, begun_by: float | None = None) -> None:
        """End the sessions of a server that is gone, and drop what is remembered of it.

        Of those alone that had begun by that time of the event loop, where it is given: a new
        server may have the name since.
        """


class SeenSecrets(Protocol):
    """Secret values that passed through lately, so that logs can be masked."""

    def note(self, values: Sequence[str]) -> None:
        """Mask these for a while."""

    def mask(self, text: str) -> str:
        """The text without any of them."""
