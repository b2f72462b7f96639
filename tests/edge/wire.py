"""One HTTP request at a bare ASGI application: driven by hand, or by uvicorn."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.principal import Principal, local_principal
from app.domain.unauthenticated import Unauthenticated
from app.edge.authentication import Callers
from app.edge.bodies import Bodies
from app.edge.direct import Table
from app.edge.entrance import Entrance
from app.edge.hosts import Hosts
from app.lookout import LATE_SECONDS, Lookout
from app.services.authentication import Authentication

DISCONNECT: Message = {"type": "http.disconnect"}
BODY: Message = {"type": "http.request", "body": b"{}", "more_body": False}
EMPTY: Message = {"type": "http.request", "body": b"", "more_body": False}
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}
DEADLINE_SECONDS = 10.0
LIMIT = 1024
APP_ORIGIN = "https://app.example"
PUBLIC_PATH = "/call"
TOKEN = "Bearer good"


def start() -> Message:
    """The beginning of an answer."""
    return {"type": "http.response.start", "status": 200, "headers": []}


class FakeAuthentication:
    """Knows one caller, by `TOKEN`."""

    verifier = None

    async def principal(self, authorization: str | None) -> Principal:
        if authorization != TOKEN:
            raise Unauthenticated("Who is calling?", reason="unknown token")
        return local_principal()


def entrance(
    app: ASGIApp, *, seconds: float = 0.3, table: Table | None = None, has_cors: bool = False
) -> Entrance:
    """The application behind what every request passes; `PUBLIC_PATH` and `/` need no caller."""
    return Entrance(
        app,
        hosts=Hosts(["mcp.example"], [APP_ORIGIN]),
        callers=Callers(
            cast("Authentication", FakeAuthentication()),
            lambda scope: scope["path"] in ("/", PUBLIC_PATH),
        ),
        bodies=Bodies(LIMIT, seconds),
        lookout=Lookout(),
        table=table or {},
        cors_origins=[APP_ORIGIN] if has_cors else [],
    )


class Wire:
    """The server's side of one request; it fails when two callers receive at once."""

    def __init__(self, *messages: Message, method: str = "POST") -> None:
        self.scope: Scope = {
            "type": "http", "method": method, "path": PUBLIC_PATH,
            "headers": [(b"host", b"localhost")],
        }  # fmt: skip
        if method == "POST":
            kind = (b"content-type", b"application/json")
            self.scope["headers"] += [kind, (b"content-length", b"2")]
        self.sent: list[Message] = []
        self.calls = 0
        self.is_asked = asyncio.Event()  # somebody waits for a message that is not there yet
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._is_busy = False
        self.say(*messages)

    def say(self, *messages: Message) -> None:
        for message in messages:
            self._messages.put_nowait(message)

    async def receive(self) -> Message:
        assert not self._is_busy, "two calls of receive at once"
        self._is_busy = True
        self.calls += 1
        if self._messages.empty():
            self.is_asked.set()
        try:
            return await self._messages.get()
        finally:
            self._is_busy = False

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        """Of the answer, if there is one."""
        return self.sent[0]["status"] if self.sent else None

    async def hang_up(self) -> None:
        """Leave, as soon as somebody would notice."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self.is_asked.wait()
        self.say(DISCONNECT)

    async def serve(self, app: ASGIApp, *, seconds: float = DEADLINE_SECONDS) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await entrance(app, seconds=seconds)(self.scope, self.receive, self.send)


async def past_patience() -> None:
    """Return when a request that runs now must have been taken for a slow one."""
    await asyncio.sleep(3 * LATE_SECONDS)


class Slow:
    """Reads its body if it shall, and then works until it is cancelled."""

    def __init__(self, *, reads: bool = True) -> None:
        self.has_cleaned_up = False
        self._reads = reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._reads:
            await receive()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.has_cleaned_up = True


class _Server(uvicorn.Server):
    """uvicorn, which leaves this process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(config: uvicorn.Config) -> AsyncIterator[tuple[str, int]]:
    """A server on a free port, and its address."""
    server = _Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            await task
