"""One of several serving processes; its parent tells it on stdin with what to work.

Run as `python -P -m app.cli.worker LISTENER SHARES REPORT`: open descriptors. It reports one line
of JSON: the banner once it answers, or why it cannot start. When stdin ends, the parent is gone.
"""

import asyncio
import functools
import gc
import os
import pickle
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import cast

import orjson
import uvicorn
import uvloop

from app.cli.brief import Brief
from app.cli.http_protocol import BoundedHttp
from app.cli.http_server import HttpServer
from app.cli.machine import CannotStart
from app.cli.server import serve_until_stopped, wanted_installs
from app.cli.shared_listener import SharedListener
from app.cli.shares import Shares
from app.mongo.embedded import ParentsMongo
from app.parts import Machine
from app.processes.guard import Guard
from app.resolvers.engine.trusted import NoTrustedDocuments
from app.vault.passphrase import KeyProblem

STDIN = 0


class _Server(HttpServer):
    """Listens beside the other workers, and stops when the parent is gone: nobody else would."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_start: Callable[[], Awaitable[None]],
        *,
        shares: Shares,
        number: int,
    ) -> None:
        super().__init__(config, on_start)
        self._shares = shares
        self._number = number

    async def listen(self, sockets: list[socket.socket] | None) -> None:
        """Accept this worker's share of the connections."""
        await super().listen([])
        asyncio.get_running_loop().add_reader(STDIN, self._hear_parent)
        if not self.started or not sockets:
            return
        shared = SharedListener(sockets[0], self._shares, self._number)
        self.server_state.connections = shared.connections
        shared.start(self._protocol, self.config.ssl)
        self.servers = [cast("asyncio.Server", shared)]  # as far as uvicorn uses one

    def _protocol(self) -> asyncio.Protocol:
        return BoundedHttp(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _hear_parent(self) -> None:
        if not os.read(STDIN, 1):
            asyncio.get_running_loop().remove_reader(STDIN)
            self.stop()


def main(listener: int, shares: int, report: int) -> None:
    """Serve until a signal or the parent's end says stop."""
    gc.disable()  # until it answers, as in a process that is alone

    def tell(**words: str) -> None:
        with os.fdopen(report, "wb") as pipe:
            pipe.write(orjson.dumps(words))

    # It comes from the parent, through its own pipe.
    brief: Brief = pickle.load(sys.stdin.buffer)  # noqa: S301
    make = functools.partial(_Server, shares=Shares(shares), number=brief.number)
    guard = Guard(brief.instance, brief.mark)
    guard.start()
    try:
        with socket.socket(fileno=listener) as shared, _loop() as runner:
            machine = _machine(brief, guard)
            runner.run(
                serve_until_stopped(machine, shared, lambda banner: tell(banner=banner), make)
            )
    except (CannotStart, KeyProblem, NoTrustedDocuments) as problem:
        tell(problem=str(problem))
        sys.exit(1)
    finally:
        guard.stop()


def _loop() -> asyncio.Runner:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def _machine(brief: Brief, guard: Guard) -> Machine:
    wanted = wanted_installs(brief.settings)
    return Machine(
        settings=brief.settings,
        data_dir=brief.folder,
        guard=guard,
        keys=brief.keys,
        admin_token=brief.admin_token,
        mongod=None if brief.mongod is None else ParentsMongo(brief.mongod),
        install_on_start=wanted if brief.number == 1 else (),
        worker=brief.number,
        life=brief.life,
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
