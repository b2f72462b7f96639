"""One caller's use of a session."""

from typing import TYPE_CHECKING

from app.domain.session import SessionPlan
from app.sessions.supervised import Supervised

if TYPE_CHECKING:
    from app.sessions.live import LiveSession


class UseOfSession:
    """One caller's use of a session. A class, for a call goes through here: it is the cheapest."""

    __slots__ = ("_entry", "_live", "_plan")

    def __init__(
        self, entry: Supervised, plan: SessionPlan, live: "LiveSession | None" = None
    ) -> None:
        self._entry = entry
        self._plan = plan
        self._live = live
        entry.usage.hold()  # now: nobody may end it before it is entered

    async def __aenter__(self) -> "LiveSession":
        """Wait until the session is ready."""
        live = self._live or self._entry.usable
        if live is not None:
            return live
        try:
            return await self._entry.ready(self._plan)
        except BaseException:
            self._entry.usage.let_go()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Let go of it."""
        self._entry.usage.let_go()
