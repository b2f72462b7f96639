"""The head of an answer: made, checked and written as a whole."""

from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

# What a header may not hold (RFC 9110, section 5.5); a line break would begin another one.
CONTROLS = bytes((*range(0x09), *range(0x0A, 0x20), 0x7F))
LINE_BREAK = b"\r\n"
WITHOUT_BODY = (204, 304)


class Answering(RequestResponseCycle):
    """uvicorn's cycle, which looks at each header by itself and writes head and body apart."""

    transport: Any  # with `hold`

    async def send(self, message: Any) -> None:
        """Send a part of the answer; names of headers are in lower case, as ASGI demands."""
        if self.response_started or message["type"] != "http.response.start":
            await super().send(message)
        elif not self.disconnected:
            self._begin(message["status"], message.get("headers", ()))

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        given = [*self.default_headers, *headers]
        given += self._framing(status, dict(given))
        lines = LINE_BREAK.join(map(b": ".join, given))
        if len(lines) - len(lines.translate(None, CONTROLS)) != 2 * (len(given) - 1):
            raise RuntimeError("a header has a control character")
        head = b"".join((STATUS_LINE[status], lines, LINE_BREAK, LINE_BREAK))
        self.response_started, self.waiting_for_100_continue = True, False
        if self.chunked_encoding is False and self.scope["method"] != "HEAD":
            self.transport.hold(head)
        else:
            self.transport.write(head)

    def _framing(self, status: int, given: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """Find out where the answer and the connection end, and the headers that tell it."""
        more = []
        if b"content-length" in given:
            self.chunked_encoding = False
            self.expected_content_length = int(given[b"content-length"])
        elif self.scope["method"] != "HEAD" and status not in WITHOUT_BODY:
            self.chunked_encoding = True
            more.append((b"transfer-encoding", b"chunked"))
        if given.get(b"connection", b"").lower() == b"close":
            self.keep_alive = False
        elif not self.keep_alive:
            more.append((b"connection", b"close"))
        return more
