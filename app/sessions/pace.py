"""When a server that died is started again: jittered exponential back-off, then a cool-down."""

import random
from dataclasses import dataclass

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
# After so many deaths in a row a server is called failed, and left alone for longer.
DEATHS_UNTIL_FAILED = 5
COOL_DOWN_SECONDS = 60.0
# A session that lived for so long clears its predecessors' record.
HEALTHY_SECONDS = 60.0
# Calls start a server at once, but not more often than this after a second death in a row.
DEMAND_SECONDS = 1.0


@dataclass(slots=True)
class Pace:
    """How often a server has died in a row."""

    deaths: int = 0

    @property
    def has_failed(self) -> bool:
        """Whether it is left alone for a while."""
        return self.deaths >= DEATHS_UNTIL_FAILED

    def died(self, *, lived_seconds: float) -> None:
        """Count one more death of a session that was ready for so long."""
        self.deaths = 1 if lived_seconds >= HEALTHY_SECONDS else self.deaths + 1

    def pause_seconds(self, *, was_ready: bool) -> float:
        """How long to wait before starting it by ourselves.

        The first death of one that was up costs no pause: most are accidents.
        """
        if self.has_failed:
            return COOL_DOWN_SECONDS * _jitter()
        if self.deaths <= 1 and was_ready:
            return 0.0
        return min(FIRST_SECONDS * 2.0 ** (self.deaths - 1), LONGEST_SECONDS) * _jitter()

    def demand_seconds(self) -> float:
        """How long after its death a call may start it."""
        return 0.0 if self.deaths <= 1 else DEMAND_SECONDS


def _jitter() -> float:
    """Between 0.75 and 1.25: many servers that died together come back one by one."""
    return random.uniform(0.75, 1.25)  # noqa: S311 - no secret depends on it
