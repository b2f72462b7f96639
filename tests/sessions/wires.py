"""Opening HTTP wires in tests, and proving that nothing of them is left."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp.client.session import ClientSession
from mcp.types import ElicitResult

from app.domain.launch import HttpLaunch
from app.domain.outbound import Reach
from app.sessions.http import HttpWire
from app.sessions.http_pool import HttpPool
from app.sessions.sse import SseWire
from tests.servers.http_odd import OddServer
from tests.waiting import until

SESSIONS = str(Path(__file__).parents[2] / "app" / "sessions")


def http_launch(
    url: str, headers: Mapping[str, str] | None = None, reach: Reach = Reach.PRIVATE
) -> HttpLaunch:
    return HttpLaunch(url=url, headers=headers or {}, startup_timeout_seconds=10, reach=reach)


def tasks_at_work() -> list[str]:
    """The tasks of this loop that run code of app/sessions."""
    found = []
    for task in asyncio.all_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if code is not None and code.co_filename.startswith(SESSIONS):
            found.append(task.get_name() + code.co_qualname)
    return found


@dataclass(slots=True)
class Session:
    """A client on a wire, and what it heard."""

    client: ClientSession
    wire: Any  # HttpWire or SseWire
    pool: HttpPool
    heard: list[str] = field(default_factory=list)

    async def call(self, name: str, arguments: Any = None, **options: Any) -> str:
        """A tool's text."""
        params: dict[str, Any] = {"name": name, "arguments": arguments or {}}
        data = {"method": "tools/call", "params": params}
        self.client._stamp(data, options)  # type: ignore[arg-type]
        result = await self.wire.send_raw_request("tools/call", params, options)
        text = result["content"][0]["text"]
        assert isinstance(text, str)
        return text


@contextlib.asynccontextmanager
async def connected(
    url: str,
    *,
    make: Callable[[HttpPool, HttpLaunch], HttpWire | SseWire] = HttpWire,
    headers: Mapping[str, str] | None = None,
    reach: Reach = Reach.PRIVATE,
) -> AsyncIterator[Session]:
    """A client whose wire is open, before any handshake; it ends without a trace."""
    pool = HttpPool()
    wire = make(pool, http_launch(url, headers, reach))
    session: Session

    async def on_message(message: object) -> None:
        session.heard.append(type(message).__name__)

    async def decline(context: object, params: object) -> ElicitResult:
        return ElicitResult(action="decline")

    try:
        await wire.open()
        async with ClientSession(
            dispatcher=wire, message_handler=on_message, elicitation_callback=decline
        ) as client:
            session = Session(client, wire, pool)
            yield session
    finally:
        await wire.end(grace_seconds=2)
        await pool.close()
    assert wire.closed.is_set()
    assert wire._exchange.pending == {}
    await until(lambda: tasks_at_work() == [], seconds=1)


@contextlib.asynccontextmanager
async def begun(server: OddServer) -> AsyncIterator[Session]:
    """A session with the odd server over streamable HTTP, after the handshake."""
    async with server.serving(), connected(server.url) as session:
        await session.client.initialize()
        yield session
