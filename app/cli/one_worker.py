"""A worker as its parent sees it: started, heard, ended, started again."""

import contextlib
import json
import logging
import os
import pickle
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import app
from app.cli.brief import Brief
from app.cli.holdings import Holdings
from app.cli.shares import NOBODY, Shares
from app.domain.life import new_life
from app.mongo.process import ParentsMongod
from app.processes.guard_program import WORKER_VARIABLE, kill_carriers, kill_group

log = logging.getLogger(__name__)

SOURCE = Path(app.__file__).parent.parent
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
# Who has lived for so long is started again at once.
STEADY_SECONDS = 60.0
REPORT_BYTES = 65536


class Worker:
    """The worker of one number, through all its lives.

    `banner` and `problem` are what its present life has reported.
    """

    def __init__(self, held: Holdings, run: str, number: int, shares: IO[bytes]) -> None:
        self.number = number
        self._shares = shares
        self.banner: str | None = None
        self.problem: str | None = None
        self._held = held
        self._run = run
        self._life = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._report: int | None = None
        self._began_at = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._start_at = 0.0

    @property
    def exit_code(self) -> int | None:
        """That of its last life; None while it lives."""
        return None if self._process is None else self._process.poll()

    @property
    def _mark(self) -> str:
        return f"{self._held.guard.instance}/{self._life}"

    def start(self) -> None:
        """Begin a life, without waiting for anything.

        Raises:
            OSError: There is no room for a process.
        """
        self.banner = self.problem = None
        self._life, self._began_at = new_life(self._run, self.number), time.monotonic()
        report, told = os.pipe()
        try:
            self._process = self._spawn(told)
        except OSError:
            os.close(report)
            raise
        finally:
            os.close(told)
        self._report = report
        self._held.guard.add(self._process.pid)
        self._give_brief(self._process)

    def _spawn(self, told: int) -> subprocess.Popen[bytes]:
        descriptors = (self._held.listener.fileno(), self._shares.fileno(), told)
        paths = [str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])]
        return subprocess.Popen(  # a fixed argument list
            # -P: a folder named `app` where the product was started is not ours.
            [sys.executable, "-P", "-m", "app.cli.worker", *map(str, descriptors)],
            stdin=subprocess.PIPE,
            pass_fds=descriptors,
            env={
                **os.environ,
                **self._held.guard.marks,
                WORKER_VARIABLE: self._mark,
                "PYTHONPATH": os.pathsep.join(paths),
            },
            start_new_session=True,  # Ctrl-C is the parent's to hear
        )

    def listen(self) -> None:
        """Take note of what it reports, if it has."""
        if self._report is None or not select.select([self._report], [], [], 0)[0]:
            return
        words = os.read(self._report, REPORT_BYTES)
        os.close(self._report)
        self._report = None
        if words:
            told = json.loads(words)
            self.banner, self.problem = told.get("banner"), told.get("problem")

    def signal(self, number: int) -> None:
        """Pass a signal on."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, deadline: float) -> None:
        """Return when it has ended; at the deadline it is killed."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._clear_away(self._process)

    def look_after(self) -> None:
        """Start it again when it has died, the later the more often it does."""
        process, now = self._process, time.monotonic()
        if process is not None and process.poll() is not None:
            self.listen()
            self._clear_away(process)
            is_steady = now - self._began_at > STEADY_SECONDS
            self._pause = FIRST_PAUSE_SECONDS if is_steady else self._pause
            log.error(
                "Worker %d (process %d) ended unexpectedly: %s; it is started again in %.1f s.",
                self.number, process.pid, self.problem or _shown(process.returncode), self._pause,
            )  # fmt: skip
            self._start_at = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        if self._process is None and now >= self._start_at:
            try:
                self.start()
            except OSError as error:  # no more processes, or no memory
                log.error("Worker %d cannot be started: %s.", self.number, error.strerror)  # noqa: TRY400
                self._start_at = now + LONGEST_PAUSE_SECONDS

    def _give_brief(self, process: subprocess.Popen[bytes]) -> None:
        held, mongod = self._held, self._held.mongod
        brief = Brief(
            settings=held.settings,
            folder=held.folder,
            keys=held.keys,
            admin_token=held.admin_token,
            mongod=None if mongod is None else ParentsMongod(mongod.socket, mongod.log_path),
            instance=held.guard.instance,
            number=self.number,
            life=self._life,
            mark=self._mark,
        )
        if process.stdin is None:
            raise RuntimeError("a worker needs a pipe")
        with contextlib.suppress(BrokenPipeError):  # it is dead, which will be seen
            pickle.dump(brief, process.stdin)
            process.stdin.flush()

    def _clear_away(self, process: subprocess.Popen[bytes]) -> None:
        """End what is left of a life; its guard does the same, unless that was killed too."""
        kill_group(process.pid)
        process.wait()
        kill_carriers(WORKER_VARIABLE, (self._mark,))
        Shares(self._shares.fileno()).tell(self.number, NOBODY)
        self._held.guard.remove(process.pid)
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        if self._report is not None:
            os.close(self._report)
            self._report = None
        self._process = None


def _shown(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
