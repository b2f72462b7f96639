"""The parent of several workers: it holds the data folder, the port and mongod, and serves nobody.

It imports next to nothing and talks to nobody, so that little in it can fail.
"""

import contextlib
import logging
import signal
import time
from collections.abc import Iterator
from types import FrameType

import click

from app.cli.address import told_address
from app.cli.holdings import Holdings
from app.cli.machine import CannotStart
from app.cli.one_worker import Worker
from app.cli.shares import make_shares
from app.domain.life import new_run

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
# A worker ends within five seconds; one that does not is killed.
STOP_SECONDS = 6.0
MONGOD_PAUSE_SECONDS = 2.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve_with_workers(held: Holdings) -> None:
    """Serve through workers until a signal says stop; then end everything.

    Raises:
        CannotStart: One of them did not come up at the beginning.
    """
    logging.basicConfig(
        level=held.settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    crew = _Crew(held)
    with _heard_signals(crew):
        try:
            banner = crew.begin()
            with told_address(held.folder, held.listener, held.settings):
                if banner is not None:
                    click.echo(banner)
                crew.keep()
        finally:
            held.listener.close()  # whoever comes now is not to wait for an answer
            crew.end()
            if held.mongod is not None:
                held.mongod.stop()


class _Crew:
    """All the workers, and the mongod that they share."""

    def __init__(self, held: Holdings) -> None:
        run, shares = new_run(), make_shares()
        self._held = held
        self._workers = [Worker(held, run, n + 1, shares) for n in range(held.settings.workers)]
        self._is_stopping = False
        self._mongod_at = 0.0

    def begin(self) -> str | None:
        """The banner, once each of them answers; None if a signal said stop before.

        Raises:
            CannotStart: One of them, or mongod, has ended before that.
        """
        for worker in self._workers:
            worker.start()
        while not self._is_stopping:
            for worker in self._workers:
                has_ended = worker.exit_code is not None
                worker.listen()
                if worker.problem is not None:
                    raise CannotStart(worker.problem)
                if has_ended:
                    raise CannotStart(f"Worker {worker.number} ended as it started.")
            mongod = self._held.mongod
            if mongod is not None and not mongod.is_running():
                raise CannotStart(f"The embedded MongoDB ended at once: {mongod.last_words()}")
            banners = [worker.banner for worker in self._workers if worker.banner is not None]
            if len(banners) == len(self._workers):
                return banners[0]
            time.sleep(LOOK_SECONDS)
        return None

    def keep(self) -> None:
        """Keep all of them running until a signal says stop."""
        while not self._is_stopping:
            for worker in self._workers:
                worker.listen()
                worker.look_after()
            self._keep_mongod()
            time.sleep(LOOK_SECONDS)

    def end(self) -> None:
        """Stop all, together."""
        self._is_stopping = True
        for worker in self._workers:
            worker.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._workers:
            worker.wait(deadline)

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """Stop; further signals change nothing."""
        self._is_stopping = True

    def _keep_mongod(self) -> None:
        mongod, now = self._held.mongod, time.monotonic()
        if mongod is None or mongod.is_running() or now < self._mongod_at:
            return
        self._mongod_at = now + MONGOD_PAUSE_SECONDS
        log.warning("The embedded MongoDB ended unexpectedly; starting it again.")
        mongod.start()


@contextlib.contextmanager
def _heard_signals(crew: _Crew) -> Iterator[None]:
    before = {number: signal.signal(number, crew.hear) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
