"""Records of callers who were not known: the first of its kind at once, the others counted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.audit import AuditRecord
from app.domain.clock import utc_now
from app.domain.policy import Action
from app.domain.principal import Credential
from app.domain.unauthenticated import Unauthenticated
from app.services.audit import next_id
from app.services.origin import current_origin

# Refusals that are alike leave two records in so long, however many they are.
PERIOD_SECONDS = 60.0
# Beyond so many kinds in one period it is not told any more where the others came from.
MOST_KINDS = 500
# No user is called so: nobody's own records are among these.
UNKNOWN_PRINCIPAL = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What makes refusals alike."""

    peer: str | None
    reason: str
    credential: Credential


class RefusedCallers:
    """Tells the audit who was turned away, without letting a flood of them fill it."""

    def __init__(self, add: Callable[[AuditRecord], None]) -> None:
        self._add = add
        self._more: dict[_Kind, int] = {}

    def note(self, error: Unauthenticated) -> None:
        """Take note of one; takes a microsecond and never fails."""
        origin = current_origin()
        kind = _Kind(origin.peer, error.reason, error.credential)
        if kind not in self._more and len(self._more) >= MOST_KINDS:
            kind = _Kind(None, error.reason, Credential(kind=error.credential.kind))
        if kind in self._more:
            self._more[kind] += 1
        else:
            self._more[kind] = 0
            self._add(_record(kind, 1, origin.request_id))

    async def own(self) -> None:
        """Tell of those that were counted, every minute and once more at the end."""
        try:
            while True:
                await asyncio.sleep(PERIOD_SECONDS)
                self.tell()
        finally:
            self.tell()

    def tell(self) -> None:
        """End a period: one record for all that were alike."""
        counted, self._more = self._more, {}
        for kind, more in counted.items():
            if more:
                self._add(_record(kind, more, current_origin().request_id))


def _record(kind: _Kind, times: int, request_id: str) -> AuditRecord:
    return AuditRecord(
        id=next_id(),
        at=utc_now(),
        principal=UNKNOWN_PRINCIPAL,
        credential_kind=kind.credential.kind,
        credential_id=kind.credential.id,
        credential_name=kind.credential.name,
        username=None,
        action=Action.AUTHENTICATE,
        server_name=None,
        target=kind.reason,
        peer=kind.peer,
        request_id=request_id,
        outcome="UNAUTHENTICATED",
        duration_milliseconds=0.0,
        request_bytes=None,
        result_size=None,
        times=times,
    )
