"""Fairness between users: nobody's calls push the others' aside."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from app.domain.errors import AppError, too_many

# So many calls are begun at once, each busy user having an equal share.
WINDOW = 16
# A call that has been at work for so long waits for its server more than it keeps us busy.
SETTLED_SECONDS = 0.1
# A user who is alone may begin more sooner; not all at once, for then whoever calls next would
# wait for all of them.
SETTLED_ALONE_SECONDS = 0.02
# A user is busy for so long after their last call.
BUSY_SECONDS = 1.0
LOOK_SECONDS = 0.02
MOST_IN_LINE = 1000


@dataclass(slots=True, eq=False)
class _User:
    """A user's calls: how many are at work, which have just begun and when, and those in line.

    `begun` counts them: each is called by its number.
    """

    name: str
    at_work: int = 0
    begun: int = 0
    fresh: dict[int, float] = field(default_factory=dict)
    line: deque[asyncio.Future["Turn"]] = field(default_factory=deque)
    is_looked_after: bool = False


# One call that was let in: of whom, and which of theirs.
Turn = tuple[_User, int]


class FairShare:
    """Lets the calls of each user in, `at_once` of them at a time; further ones wait in line.

    While several users are busy, each may have an equal share of calls that have only just begun:
    a user who floods waits in a line of their own, and whoever calls now and then waits for
    nobody. A user who is alone soon has as many as the limit says.
    """

    def __init__(
        self,
        *,
        at_once: int,
        wait_seconds: float,
        most_in_line: int = MOST_IN_LINE,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        self._at_once = at_once
        self._wait_seconds = wait_seconds
        self._most_in_line = most_in_line
        self._busy_seconds = busy_seconds
        self._loop = asyncio.get_running_loop()
        self._users: dict[str, _User] = {}
        self._busy: OrderedDict[str, float] = OrderedDict()  # when each called last, in order

    def enter(self, name: str) -> Turn | None:
        """This call's turn, `leave` when it is over; None where it has to `wait` for it."""
        now = self._loop.time()
        user = self._users.get(name)
        if user is None:
            user = self._users[name] = _User(name)
        self._busy[name] = now
        self._busy.move_to_end(name)
        if not user.line and self._may_start(user, now):
            return self._start(user, now)
        return None

    async def wait(self, name: str) -> Turn:
        """The same when it is this call's turn, after those of its user that are in line.

        Raises:
            AppError: RATE_LIMITED, when the line is full or does not move.
        """
        user = self._users[name]
        if len(user.line) >= self._most_in_line:
            raise _refused(user, 1.0)
        turn: asyncio.Future[Turn] = self._loop.create_future()
        user.line.append(turn)
        if not user.is_looked_after:
            self._look_after(user)
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await turn
        except BaseException as error:
            if turn in user.line:
                user.line.remove(turn)
            elif turn.done() and not turn.cancelled():
                self.leave(turn.result())
            if isinstance(error, TimeoutError):
                raise _refused(user, self._wait_seconds) from None
            raise

    def leave(self, turn: Turn) -> None:
        """The call is over."""
        user, number = turn
        user.at_work -= 1
        user.fresh.pop(number, None)
        if user.line:
            self._let_in(user)
        elif not user.at_work and user.name not in self._busy:
            del self._users[user.name]

    def _start(self, user: _User, now: float) -> Turn:
        user.at_work += 1
        user.begun += 1
        user.fresh[user.begun] = now
        return user, user.begun

    def _may_start(self, user: _User, now: float) -> bool:
        if user.at_work >= self._at_once:
            return False
        busy = 1 if len(self._busy) == 1 else self._count_busy(now)
        share = WINDOW // busy or 1
        if len(user.fresh) < share:
            return True
        settled = SETTLED_ALONE_SECONDS if busy == 1 else SETTLED_SECONDS
        return _count_fresh(user, now - settled) < share

    def _count_busy(self, now: float) -> int:
        """How many users are busy; whoever is not any more is forgotten."""
        while True:
            name, last = next(iter(self._busy.items()))
            if last > now - self._busy_seconds or len(self._busy) == 1:
                return len(self._busy)
            del self._busy[name]
            user = self._users[name]
            if user.line:
                self._busy[name] = now
            elif not user.at_work:
                del self._users[name]

    def _let_in(self, user: _User) -> None:
        now = self._loop.time()
        self._busy.setdefault(user.name, now)
        while user.line and self._may_start(user, now):
            waiting = user.line.popleft()
            if not waiting.done():
                waiting.set_result(self._start(user, now))

    def _look_after(self, user: _User) -> None:
        """See now and then whether somebody in line may start: time alone can make room."""
        self._let_in(user)
        user.is_looked_after = bool(user.line)
        if user.is_looked_after:
            self._loop.call_later(LOOK_SECONDS, self._look_after, user)


def _count_fresh(user: _User, since: float) -> int:
    while user.fresh:
        number, begun_at = next(iter(user.fresh.items()))
        if begun_at > since:
            break
        del user.fresh[number]
    return len(user.fresh)


def _refused(user: _User, seconds: float) -> AppError:
    return too_many(
        f"The user {user.name!r} has too many calls at work.", retry_after_seconds=seconds
    )
