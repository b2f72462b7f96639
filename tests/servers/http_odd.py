"""An MCP server over plain sockets that begins well, and then answers each tool in its own odd way.

It speaks just enough HTTP/1.1. The name of the tool that is called chooses the oddity.
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

HUGE = 17 * 1024**2


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    # Which connection brought it, counted from 1.
    connection: int

    @property
    def rpc(self) -> str | None:
        """The JSON-RPC method."""
        return self.body.get("method") if isinstance(self.body, dict) else None


@dataclass(slots=True)
class Reply:
    """Writes one answer."""

    writer: asyncio.StreamWriter
    seen: Seen
    is_over: bool = False

    @property
    def id(self) -> Any:
        return self.seen.body["id"]

    def head(self, status: int, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())

    def body(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.head(status, content_length=str(len(body)), **headers)
        self.writer.write(body)

    def json(self, message: Any, status: int = 200, **headers: str) -> None:
        body = json.dumps(message).encode()
        self.body(status, body, content_type="application/json", **headers)

    def result(self, said: str, **changes: Any) -> dict[str, Any]:
        content = [{"type": "text", "text": said}]
        message = {"jsonrpc": "2.0", "id": self.id, "result": {"content": content}}
        return {**message, **changes}

    def stream(self) -> None:
        """Begin events; they end with the connection."""
        self.head(200, content_type="text/event-stream", connection="close")
        self.is_over = True

    def event(self, message: Any, *, id: str | None = None, retry: int | None = None) -> None:
        lines = [] if id is None else [f"id: {id}"]
        lines += [] if retry is None else [f"retry: {retry}"]
        lines.append("data: " + ("" if message is None else json.dumps(message)))
        self.writer.write(("\n".join(lines) + "\n\n").encode())

    def reset(self) -> None:
        self.writer.transport.abort()
        self.is_over = True


Behaviour = Callable[["OddServer", Reply], Awaitable[None]]


@dataclass(slots=True)
class OddServer:
    """The server; `behaviours` are by tool name, `own_stream` answers GET.

    `first` is asked before all else, and says whether it has answered.
    """

    behaviours: dict[str, Behaviour]
    own_stream: Behaviour | None = None
    first: Callable[[Reply], Awaitable[bool]] | None = None
    session_id: str | None = "session-1"
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: dict[asyncio.StreamWriter, asyncio.Task[Any]] = field(default_factory=dict)
    _connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def open_connections(self) -> int:
        return len(self._writers)

    def rpcs(self) -> list[str | None]:
        return [seen.rpc for seen in self.seen if seen.method == "POST"]

    @contextlib.asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["OddServer"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1000, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer, task in [*self._writers.items()]:
                writer.transport.abort()
                task.cancel()
            while self._writers:
                await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._writers[writer] = task
        self._connections += 1
        try:
            await self._talk(reader, writer, self._connections)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            del self._writers[writer]
            writer.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            seen = Seen(method, path, headers, json.loads(body) if body else None, number)
            self.seen.append(seen)
            reply = Reply(writer, seen)
            # Reading on is how the end of the connection is noticed during an answer.
            answering = asyncio.create_task(self._answer(reply))
            ended = asyncio.create_task(reader.read(1))
            await asyncio.wait({answering, ended}, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            if not answering.done():
                answering.cancel()
                return
            await answering
            with contextlib.suppress(asyncio.CancelledError):
                if await ended:
                    return
            if reply.is_over:
                return

    async def _answer(self, reply: Reply) -> None:
        seen = reply.seen
        if self.first is not None and await self.first(reply):
            pass
        elif seen.method == "GET":
            await (self.own_stream or _refuse)(self, reply)
        elif seen.method == "DELETE":
            reply.body(200)
        elif seen.rpc == "initialize":
            result = {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "odd", "version": "0"},
            }
            given: dict[str, Any] = {}
            if self.session_id is not None:
                given["mcp_session_id"] = self.session_id
            reply.json({"jsonrpc": "2.0", "id": reply.id, "result": result}, **given)
        elif seen.rpc == "tools/call":
            await self.behaviours.get(seen.body["params"]["name"], _good)(self, reply)
        elif "id" in seen.body and seen.rpc is not None:
            error = {"code": -32601, "message": "Method not found"}
            reply.json({"jsonrpc": "2.0", "id": reply.id, "error": error})
        else:
            reply.body(202)
        await reply.writer.drain()


async def _refuse(server: OddServer, reply: Reply) -> None:
    reply.body(405)


async def _good(server: OddServer, reply: Reply) -> None:
    arguments = reply.seen.body["params"].get("arguments") or {}
    reply.json(reply.result(arguments.get("text", "good")))
