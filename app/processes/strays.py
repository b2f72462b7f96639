"""Ending what a child has started and what then left its process group (`setsid`, daemons)."""

import asyncio
from collections.abc import Callable

from app.processes.guard_program import kill_carriers

# A process may start another one while it is being found: look until nothing is found, so often.
ROUNDS = 3


class Strays:
    """Finds the descendants of children by the mark in their environment (Linux).

    Children that end while a search is under way share the next one: at a stop with hundreds of
    sessions the process table is read a few times, not hundreds of times.
    """

    def __init__(
        self, variable: str, kill: Callable[[str, frozenset[str]], int] = kill_carriers
    ) -> None:
        self._variable = variable
        self._kill_carriers = kill
        self._wanted: set[str] = set()
        self._turn = asyncio.Lock()

    async def end(self, mark: str) -> None:
        """Return when no process carries the mark any more."""
        self._wanted.add(mark)
        async with self._turn:
            if mark not in self._wanted:
                return  # a search that began after our wish has served it
            marks, self._wanted = frozenset(self._wanted), set()
            await asyncio.to_thread(self._kill, marks)

    def _kill(self, marks: frozenset[str]) -> None:
        for _ in range(ROUNDS):
            if not self._kill_carriers(self._variable, marks):
                return
