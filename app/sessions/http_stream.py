"""Event streams of MCP messages, taken up again where they broke (MCP spec, Streamable HTTP)."""

import asyncio
import logging

import aiohttp

from app.sessions.endpoint import EVENT_STREAM, Endpoint, is_sendable_id, refusal_in
from app.sessions.exchange import Exchange, Pending
from app.sessions.http_failures import BrokenAnswer, BrokenOff, Unreachable, in_words
from app.sessions.reading import Unreadable, read_message
from app.sessions.sse_events import Event, EventParser
from app.sessions.wire import MessageTooBig

log = logging.getLogger(__name__)

# Before a stream is asked for again, unless the server says how long.
RETRY_SECONDS = 1.0
SHORTEST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 30.0
RESUME_TRIES = 3


class MessageStream:
    """Hands the messages of a stream to the exchange; `pending` is the request it answers."""

    def __init__(
        self, endpoint: Endpoint, exchange: Exchange, pending: Pending | None = None
    ) -> None:
        self._endpoint = endpoint
        self._exchange = exchange
        self._pending = pending
        self._is_garbled = False
        self._taken = 0
        self.has_been_open = False
        self.refused_with: int | None = None
        self.last_id = ""
        self.retry_seconds: float | None = None

    @property
    def _is_answered(self) -> bool:
        return self._pending is not None and self._pending.is_answered

    async def read(self, response: aiohttp.ClientResponse) -> None:
        """Read until the stream ends, or the request it belongs to is answered.

        Raises:
            MessageTooBig: One event is too large.
            aiohttp.ClientError, OSError: The connection broke.
        """
        parser = EventParser()
        async for chunk in response.content.iter_any():
            self._endpoint.heard()
            events = parser.feed(chunk)
            if parser.retry_seconds is not None:
                self.retry_seconds = parser.retry_seconds
            for event in events:
                self._take(event)
            if is_sendable_id(parser.last_id):
                self.last_id = parser.last_id
            if self._is_answered:
                return

    async def resume(self) -> None:
        """Bring in the answer over further streams, after the first one has ended.

        Raises:
            MCPError: There is no more to be had.
        """
        tries = 0
        while not self._is_answered:
            if self._is_garbled:
                raise BrokenAnswer("The answer is no JSON")
            if not self.last_id or tries == RESUME_TRIES:
                raise BrokenAnswer("The stream ended without the answer")
            tries += 1
            seen = self.last_id
            await asyncio.sleep(self._wanted_pause())
            try:
                await self._take_up()
            except (Unreachable, BrokenOff) as error:
                log.debug("A stream could not be resumed yet: %s", error)
            if self.last_id != seen:
                tries = 0

    async def listen(self) -> None:
        """Keep a stream open for what the server says of its own accord.

        Raises:
            MCPError: The server refused it; `refused_with` is the status.
        """
        pause = RETRY_SECONDS
        while True:
            taken = self._taken
            try:
                await self._take_up()
            except (Unreachable, BrokenOff, MessageTooBig) as error:
                log.debug("A server's own stream broke: %s", error)
            if self._taken > taken:
                pause = RETRY_SECONDS
                await asyncio.sleep(self._wanted_pause())
            else:
                await asyncio.sleep(max(pause, self._wanted_pause()))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _take_up(self) -> None:
        with in_words():
            response = await self._endpoint.get(self.last_id)
            try:
                if response.status >= 500:
                    raise BrokenOff
                if response.status != 200 or response.content_type != EVENT_STREAM:
                    self.refused_with = response.status
                    raise await refusal_in(response)
                self.has_been_open = True
                await self.read(response)
            finally:
                response.close()

    def _take(self, event: Event) -> None:
        self._taken += 1
        if event.name != "message" or not event.data:
            return  # a first event may carry an id alone
        try:
            message = read_message(event.data)
        except Unreadable:
            log.debug("An event of a server is no JSON.")
            self._is_garbled = True
            return
        self._exchange.receive(message, self._pending)

    def _wanted_pause(self) -> float:
        wanted = RETRY_SECONDS if self.retry_seconds is None else self.retry_seconds
        return min(max(wanted, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
