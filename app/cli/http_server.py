"""uvicorn as this product stops it: requests first, then the engines, whatever the signals."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn

from app.cli.http_protocol import BoundedHttp
from app.services.operations import STOPPING

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Requests in flight at a stop get this long; then they are told to come again.
GRACEFUL_SECONDS = 1.0
# A stream whose connection is gone ends at once, in its own way.
BROKEN_SECONDS = 0.1
# A request that was told so is over at once, unless its client does not read.
TOLD_SECONDS = 0.5


class HttpServer(uvicorn.Server):
    """Says where it is once it answers; ends the requests, and then the application, in order.

    uvicorn takes a second Ctrl-C for leave to end without the application: the database would be
    gone before the sessions and the audit are. Here further signals change nothing, up to the
    end of the process: a stop takes a few seconds in any case.
    """

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._on_start = on_start

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, and then exit normally; the event loop's end ends this."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.stop)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, and tell when it answers."""
        await self.listen(sockets)
        if self.started:
            await self._on_start()

    async def listen(self, sockets: list[socket.socket] | None) -> None:
        """Accept connections from now on, if the application has started."""
        await super().startup(sockets=sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, let those at work finish for a moment, and end everything."""
        for server in self.servers:
            server.close()
        for connection in [*self.server_state.connections]:
            connection.shutdown()
        await self._end_requests()
        for connection in [*self.server_state.connections]:
            if connection.transport is not None:
                connection.transport.close()
        await super().shutdown(sockets=sockets)

    def stop(self) -> None:
        """Stop, as on a signal."""
        self.should_exit = True

    def _http_connections(self) -> list[BoundedHttp]:
        return [each for each in self.server_state.connections if isinstance(each, BoundedHttp)]

    async def _end_requests(self) -> None:
        at_work = {*self.server_state.tasks}
        if not at_work:
            return
        _, late = await asyncio.wait(at_work, timeout=GRACEFUL_SECONDS)
        streams = [each for each in self._http_connections() if each.break_off()]
        if streams:
            _, late = await asyncio.wait(at_work, timeout=BROKEN_SECONDS)
        for task in late:
            task.cancel(msg=STOPPING)
        if late:
            log.info("%d requests were not finished; their callers are told so.", len(late))
            await asyncio.wait(late, timeout=TOLD_SECONDS)
