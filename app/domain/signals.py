"""What processes of one deployment tell one another at once, beside what is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.domain.data_key import RotationProgress
from app.domain.package import PackageProgress


@dataclass(frozen=True, slots=True)
class CancelWish:
    """Somebody wants a call to end, and may act for these users; None: for anyone."""

    call_id: str
    users: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class RestartWish:
    """Somebody wants new sessions of a server everywhere."""

    server_name: str


Signal = CancelWish | RestartWish | PackageProgress | RotationProgress
Hear = Callable[[str, Signal], None]


class SignalStore(Protocol):
    """How signals reach the others. Its methods raise DATABASE_UNAVAILABLE."""

    async def post(self, signal: Signal) -> str:
        """Tell every other process; the signal's id."""

    def listen(self, hear: Hear) -> None:
        """Have `hear` called with what others post from now on, and its id; it returns at once."""

    async def answer(self, signal_id: str, *, is_done: bool) -> None:
        """Tell who has posted it whether what they want is done."""

    async def find_answer(self, signal_id: str) -> bool | None:
        """What was answered; None as long as nobody has."""
