"""How many sessions there may be: in all, for each server, for each user."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.session import SessionKey, SessionPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """The caps of one process. A server's own cap, where it has one, replaces `per_server`."""

    total: int = 256
    per_server: int = 64
    per_user: int = 32
    starts_at_once: int = 8
    waiting: int = 1000
    wait_seconds: float = 10.0


@dataclass(slots=True, eq=False)
class _Waiter:
    plan: SessionPlan
    is_wanted: Callable[[], bool]
    turn: asyncio.Future[None]
    is_promised: bool = False  # a session is being ended to make room for this one


Scope = tuple[str, ...]


def scopes_of(key: SessionKey) -> tuple[Scope, ...]:
    """What a session counts towards; one that users share counts towards no user."""
    server = ("server", key.server_name, key.revision)
    return ((), server) if key.owner is None else ((), server, ("user", key.owner))


class Slots:
    """A slot is held from before a session's start until its process is gone.

    `make_room(scope)` asks for an idle session in that scope to be ended, and says whether one
    is: its slot comes back a little later.
    """

    def __init__(self, limits: SessionLimits, make_room: Callable[[Scope], bool]) -> None:
        self._limits = limits
        self._make_room = make_room
        self._taken: Counter[Scope] = Counter()
        self._waiters: list[_Waiter] = []
        self.calls_waiting = 0

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for a slot."""
        return bool(self._waiters)

    async def take(self, plan: SessionPlan, is_wanted: Callable[[], bool]) -> None:
        """Return with a slot, in the order of asking.

        Idle sessions are ended for it only while it is wanted.
        """
        if self._blocked(plan) is None:
            self._count(plan, 1)
            return
        waiter = _Waiter(plan, is_wanted, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        self._press(waiter)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self.give_back(plan)
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def give_back(self, plan: SessionPlan) -> None:
        """The session's process is gone."""
        self._count(plan, -1)
        for waiter in [*self._waiters]:
            if self._blocked(waiter.plan) is None:
                self._count(waiter.plan, 1)
                self._waiters.remove(waiter)
                waiter.turn.set_result(None)
            else:
                waiter.is_promised = False
        self.press()

    def press(self) -> None:
        """Look for room again: a session has become idle."""
        for waiter in self._waiters:
            self._press(waiter)

    def _press(self, waiter: _Waiter) -> None:
        scope = self._blocked(waiter.plan)
        if scope is not None and not waiter.is_promised and waiter.is_wanted():
            waiter.is_promised = self._make_room(scope)

    def _blocked(self, plan: SessionPlan) -> Scope | None:
        """The narrowest scope that is full."""
        return next(
            (s for s in reversed(scopes_of(plan.key)) if self._taken[s] >= self._most(s, plan)),
            None,
        )

    def _most(self, scope: Scope, plan: SessionPlan) -> int:
        if not scope:
            return self._limits.total
        if scope[0] == "user":
            return self._limits.per_user
        own = plan.max_sessions
        return self._limits.per_server if own is None else own

    def _count(self, plan: SessionPlan, change: int) -> None:
        for scope in scopes_of(plan.key):
            self._taken[scope] += change
            if not self._taken[scope]:
                del self._taken[scope]
