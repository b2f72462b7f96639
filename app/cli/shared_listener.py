"""Accepting from a socket that several workers share, so that each has its share of connections.

An event loop's own server takes every connection that waits once it is awake: of a burst one
worker got nearly all. Here the one with the most lets the others go first, for a moment:
docs/decisions/0042.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

from app.cli.shares import NOBODY, Counted, Shares

log = logging.getLogger(__name__)

BACKLOG = 2048
# So long the others, if they are not too busy, have for a connection that is rather theirs.
MOMENT_SECONDS = 0.002
# Out of descriptors, or out of memory: connections that end make room.
PAUSE_SECONDS = 0.5


class SharedListener:
    """Hands connections to protocols until it is closed, as an `asyncio.Server` does.

    `connections` has the protocols that are at work.
    """

    def __init__(self, listener: socket.socket, shares: Shares, number: int) -> None:
        self.connections: set[Any] = Counted(self._tell)
        self._listener = listener
        self._shares = shares
        self._number = number
        self._loop = asyncio.get_running_loop()
        self._begun: set[asyncio.Task[object]] = set()

    def start(self, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None) -> None:
        """Accept from now on."""
        self._protocol, self._tls = protocol, tls
        self._listener.setblocking(False)
        self._listener.listen(BACKLOG)
        self._tell()
        self._go_on()

    def close(self) -> None:
        """Accept no more; the others go on."""
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._shares.tell(self._number, NOBODY)

    async def wait_closed(self) -> None:
        """Return when no connection is on its way to its protocol: TLS handshakes take long."""
        for task in self._begun:
            task.cancel()
        await asyncio.gather(*self._begun, return_exceptions=True)

    def _look(self) -> None:
        """Accept one connection, now or in a moment; while more wait, the loop comes back here."""
        if self._is_others_turn():
            self._loop.remove_reader(self._listener)
            self._loop.call_later(MOMENT_SECONDS, self._look_again)
        else:
            self._accept()

    def _look_again(self) -> None:
        """Accept what the others have left after all, and go on."""
        self._go_on()
        self._accept()

    def _accept(self) -> None:
        if self._listener.fileno() < 0:
            return
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker has it
        except OSError as error:
            log.warning("Connections have to wait: %s.", error.strerror)
            self._loop.remove_reader(self._listener)
            self._loop.call_later(PAUSE_SECONDS, self._go_on)
            return
        task = self._loop.create_task(self._begin(connection))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        self._tell()

    def _is_others_turn(self) -> bool:
        return self._count() > self._shares.least_of_others(self._number)

    def _count(self) -> int:
        return len(self.connections) + len(self._begun)

    def _tell(self) -> None:
        if self._listener.fileno() >= 0:
            self._shares.tell(self._number, self._count())

    def _go_on(self) -> None:
        if self._listener.fileno() >= 0:
            self._loop.add_reader(self._listener, self._look)

    async def _begin(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # who is gone already needs no answer
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._protocol, connection, ssl=self._tls)
