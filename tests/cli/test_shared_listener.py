"""How workers take connections from one socket: by count, one at a time."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.cli.shared_listener import SharedListener
from app.cli.shares import NOBODY, Shares, make_shares
from tests.waiting import until


class Hello(asyncio.Protocol):
    """Says which worker has the connection."""

    def __init__(self, listener: SharedListener, number: int) -> None:
        self._listener = listener
        self._number = number

    def connection_made(self, transport: Any) -> None:
        self._transport = transport  # the event loop has no other hold on it
        self._listener.connections.add(self)
        transport.write(b"%d" % self._number)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._listener.connections.remove(self)


@dataclass(slots=True)
class Port:
    """One port, two workers that listen on it, and the clients."""

    address: tuple[str, int]
    workers: dict[int, SharedListener]
    shares: Shares
    clients: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> int:
        """The number of the worker that has answered."""
        reader, writer = await asyncio.open_connection(*self.address)
        self.clients.append(writer)
        async with asyncio.timeout(10):
            return int(await reader.readexactly(1))


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    with socket.socket() as listener, make_shares() as file, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        shares, workers = Shares(file.fileno()), {}
        for number in (1, 2):
            workers[number] = SharedListener(listener.dup(), shares, number)
            workers[number].start(lambda n=number: Hello(workers[n], n), None)  # type: ignore[misc]
            stack.callback(workers[number].close)
        port = Port(listener.getsockname(), workers, shares)
        yield port
        for client in port.clients:
            client.close()
        await until(lambda: not any(len(worker.connections) for worker in workers.values()))


async def test_a_burst_is_shared_out(port: Port) -> None:
    taken = await asyncio.gather(*(port.connect() for _ in range(16)))
    assert min(taken.count(1), taken.count(2)) >= 6, taken


async def test_the_worker_with_fewer_connections_takes_the_next_ones(port: Port) -> None:
    older = [object() for _ in range(5)]
    for each in older:
        port.workers[2].connections.add(each)
    assert [await port.connect() for _ in range(5)].count(1) >= 4  # a busy loop may be late
    for each in older:
        port.workers[2].connections.discard(each)
    assert [await port.connect() for _ in range(5)].count(2) >= 4


async def test_the_others_take_what_a_worker_does_not_that_is_gone_or_busy(port: Port) -> None:
    port.workers[2].close()
    port.shares.tell(2, 0)  # it seems to be at work, and does not accept
    assert [await port.connect() for _ in range(5)] == [1] * 5
    port.shares.tell(2, NOBODY)
    assert await port.connect() == 1
