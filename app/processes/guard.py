"""The gateway's side of the guard process."""

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import IO

from app.processes import guard_program
from app.processes.guard_program import MARKER_VARIABLE, WORKER_VARIABLE


class Guard:
    """Tells the guard process which process groups must not outlive us.

    Started before the first child; a guard that died is replaced at the next message. That of a
    worker ends what this worker has started and nothing else.
    """

    def __init__(self, instance: str, worker: str | None = None) -> None:
        self.instance = instance
        self.marks = {MARKER_VARIABLE: instance}
        """What every child has to carry in its environment."""
        self._mark = (MARKER_VARIABLE, instance)
        if worker is not None:
            self._mark = (WORKER_VARIABLE, worker)
            self.marks[WORKER_VARIABLE] = worker
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the guard process and tell it everything known."""
        program = Path(guard_program.__file__)
        self._process = subprocess.Popen(  # a fixed argument list, nothing from outside
            [sys.executable, "-I", "-S", str(program), *self._mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={},
            bufsize=0,  # nothing is left to be written when the guard has died
        )
        self._send(b"".join(b"+%d\n" % pgid for pgid in self._groups))

    def add(self, pgid: int) -> None:
        """End this group if we die."""
        self._groups.add(pgid)
        self._tell(b"+%d\n" % pgid)

    def remove(self, pgid: int) -> None:
        """This group is gone."""
        self._groups.discard(pgid)
        self._tell(b"-%d\n" % pgid)

    def stop(self) -> None:
        """End the guard; it kills whatever is still on its list."""
        if self._process is None:
            return
        with contextlib.suppress(OSError):
            self._pipe().close()
        self._process.wait(timeout=5)
        self._process = None

    def _tell(self, message: bytes) -> None:
        try:
            self._send(message)
        except OSError:
            self.stop()
            self.start()

    def _send(self, message: bytes) -> None:
        if self._process is None:
            return
        self._pipe().write(message)
        self._pipe().flush()

    def _pipe(self) -> IO[bytes]:
        if self._process is None or self._process.stdin is None:
            raise BrokenPipeError("the guard has no pipe")
        return self._process.stdin
