"""The echo server over streamable HTTP at /json and /sse, by hand, as fast as Python goes.

It prints its port and ends with its stdin. An answer is one write: the head and the body, which
for events is chunked and complete, so that the client may keep the connection.
"""

import asyncio
import re
import sys
from typing import cast

import orjson
import uvloop
from stdio_echo import answer_to  # type: ignore[import-not-found]

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END = b"\r\n\r\n"


def reply(status: bytes, kind: bytes, body: bytes) -> bytes:
    """A whole response."""
    head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
    return head % (status, kind, len(body)) + body


def events(body: bytes) -> bytes:
    """A whole response of one event, in a chunk."""
    event = b"event: message\r\ndata: %b\r\n\r\n" % body
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    return head + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(event), event)


class Echo(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (head_end := self._buffer.find(END)) >= 0:
            length = LENGTH.search(self._buffer, 0, head_end)
            end = head_end + len(END) + (0 if length is None else int(length[1]))
            if len(self._buffer) < end:
                return
            head, body = self._buffer[:head_end], self._buffer[head_end + len(END) : end]
            self._buffer = self._buffer[end:]
            self._transport.write(self._respond(head, body))

    def _respond(self, head: bytes, body: bytes) -> bytes:
        if not head.startswith(b"POST "):
            return reply(b"405 Method Not Allowed", b"text/plain", b"")
        answer = answer_to(orjson.loads(body))
        if answer is None:
            return reply(b"202 Accepted", b"text/plain", b"")
        if head.startswith(b"POST /sse "):
            return events(orjson.dumps(answer))
        return reply(b"200 OK", b"application/json", orjson.dumps(answer))


async def main() -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
