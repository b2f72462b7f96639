"""How much one principal may do, and one user at once."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from aiolimiter import AsyncLimiter

from app.domain.errors import too_many
from app.domain.policy import Action
from app.services.fair_share import FairShare

HOUR_SECONDS = 3600.0
# Beyond so many principals the one who has been quiet the longest starts anew.
MOST_PRINCIPALS = 10_000
CALLS: Final = frozenset(
    {Action.CALL_TOOL, Action.READ_RESOURCE, Action.GET_PROMPT, Action.COMPLETE}
)
INSTALLS: Final = frozenset({Action.INSTALL_PACKAGE, Action.UPGRADE_PACKAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Numbers of this process; a rate of 0 means any."""

    calls_per_second: int = 0
    calls_at_once: int = 256
    installs_per_hour: int = 0
    wait_seconds: float = 10.0


class Limits:
    """Counts what each principal does, and gives each user a fair share of the calls."""

    def __init__(self, settings: LimitSettings) -> None:
        self.share = FairShare(at_once=settings.calls_at_once, wait_seconds=settings.wait_seconds)
        # What counts how often a principal does that; not there where anybody may at any rate.
        self.rates: dict[Action, Rate] = {}
        if settings.calls_per_second:
            calls = Rate(settings.calls_per_second, 1.0, "calls each second")
            self.rates |= dict.fromkeys(CALLS, calls)
        if settings.installs_per_hour:
            installs = Rate(settings.installs_per_hour, HOUR_SECONDS, "installs each hour")
            self.rates |= dict.fromkeys(INSTALLS, installs)


class Rate:
    """One rate for every principal alike; what was not used for a while may come at once."""

    def __init__(self, most: int, seconds: float, what: str) -> None:
        self._most = most
        self._seconds = seconds
        self._what = what
        self._limiters: OrderedDict[str, AsyncLimiter] = OrderedDict()

    async def count(self, principal: str) -> None:
        """Take note that a principal does it once more.

        Raises:
            AppError: RATE_LIMITED, when it is too much.
        """
        limiter = self._limiters.get(principal)
        if limiter is None:
            limiter = self._limiters[principal] = AsyncLimiter(self._most, self._seconds)
            if len(self._limiters) > MOST_PRINCIPALS:
                self._limiters.popitem(last=False)
        self._limiters.move_to_end(principal)
        if not limiter.has_capacity():
            raise too_many(
                f"You may make {self._most} {self._what}.",
                retry_after_seconds=self._seconds / self._most,
            )
        await limiter.acquire()  # has capacity: does not wait
