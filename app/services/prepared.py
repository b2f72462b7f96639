"""What each user's calls carry to each server, worked out once and kept for a minute, sealed.

Kept are the sealed texts and data keys that it was made of, to see whether they are still the ones,
and all that was worked out of them under a key of this process (`Vault.seal_briefly`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.data_key import DataKey
from app.domain.delivery import SecretBinding
from app.domain.secret import SealedSecret, SecretRef

# It is used for so long, and gone with the next sweep: within a minute.
USED_SECONDS = 45.0
SWEEP_SECONDS = 15.0
MOST_KEPT = 20_000
# Values on their way are told to what masks logs, which remembers them for an hour, and their use
# is noted, which is stored once a minute: not each time.
NOTE_SECONDS = 10.0

# The state of the secrets and of the data keys: while both are the same, nothing has changed.
Marks = tuple[int | None, int | None]


@dataclass(slots=True, kw_only=True, eq=False)
class PreparedBundle:
    """What a user's calls of one server carry, as long as all of these are what they were."""

    marks: Marks
    found: Sequence[SealedSecret]
    bindings: Sequence[SecretBinding]
    data_keys: Sequence[DataKey]
    refs: Sequence[SecretRef]
    sealed: bytes
    until: float
    noted_at: float = -NOTE_SECONDS

    def is_as_of(self, marks: Marks, bindings: Sequence[SecretBinding]) -> bool:
        """Whether nothing at all has changed since; False where that is not known."""
        return marks == self.marks and None not in marks and bindings == self.bindings


def place_of(username: str, server_name: str) -> bytes:
    """Where a user's bundle for a server is kept, and opens; a server's name has no line break."""
    return f"{server_name}\n{username}".encode()


class PreparedBundles:
    """The prepared bundles by their places. None is kept for more than a minute."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, PreparedBundle] = OrderedDict()
        self._is_sweeping = False
        self.loop = asyncio.get_running_loop()

    def find(self, place: bytes) -> PreparedBundle | None:
        """The one that is kept; it may be of secrets that have changed."""
        found = self._kept.get(place)
        return None if found is None or found.until < self.loop.time() else found

    def keep(self, place: bytes, bundle: PreparedBundle) -> None:
        """Keep it for its time."""
        self._kept.pop(place, None)
        self._kept[place] = bundle
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        if not self._is_sweeping:
            self._sweep()

    def _sweep(self) -> None:
        """Drop those whose time is over, also if nobody calls any more."""
        now = self.loop.time()
        while self._kept and next(iter(self._kept.values())).until < now:
            self._kept.popitem(last=False)
        self._is_sweeping = bool(self._kept)
        if self._is_sweeping:
            self.loop.call_later(SWEEP_SECONDS, self._sweep)
