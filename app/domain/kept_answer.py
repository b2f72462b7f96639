"""The first answer to an Idempotency-Key, kept for whoever asks again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from app.domain.errors import AppError, ErrorCode, NotSent, invalid
from app.domain.principal import Principal

KEPT_FOR = timedelta(hours=24)
MAX_KEY = 255
# An answer beyond that is given once, and not again.
MAX_KEPT_BYTES = 4 * 1024**2
# After these nobody knows what the request has done; after any other failure it has done nothing.
MAY_HAVE_ACTED = frozenset(
    (ErrorCode.SERVER_FAILED, ErrorCode.TOOL_TIMEOUT, ErrorCode.CALL_CANCELLED)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a door gave it."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request that may come twice: whose it is, its key, and what stands for its content."""

    subject: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The record of a key: who works on the request until when, and the sealed answer after."""

    subject: str
    key: str
    fingerprint: str
    claim_id: str
    owner: str
    lease_expires_at: datetime
    expires_at: datetime
    is_done: bool = False
    sealed: str | None = field(default=None, repr=False)


class AnswerStore(Protocol):
    """Kept answers. Every method raises DATABASE_UNAVAILABLE when the database is away."""

    async def claim(self, claim: Claim, now: datetime) -> Claim | None:
        """Take the key; who has it, where somebody does."""

    async def renew(self, claim_id: str, lease_expires_at: datetime) -> None:
        """Extend the lease of a request at work."""

    async def complete(self, claim_id: str, sealed: str | None) -> None:
        """Keep the answer; None: that there was one."""

    async def release(self, claim_id: str) -> None:
        """Forget the claim: the request has done nothing."""


def fingerprint_of(principal: Principal, *content: bytes) -> str:
    """What stands for a request: its content, and what its caller may do.

    Callers of one subject may differ in what they may do, and an answer is for whoever may ask.
    """
    powers = (principal.roles, principal.groups, principal.act_for)
    caller = repr([sorted(names) for names in powers]).encode()
    digests = (sha256(part).digest() for part in (caller, *content))
    return sha256(b"".join(digests)).hexdigest()


def check_idempotency_key(key: str) -> None:
    """Accept 1 to 255 visible ASCII characters.

    Raises:
        AppError: INVALID_INPUT.
    """
    if not 0 < len(key) <= MAX_KEY or not all("!" <= character <= "~" for character in key):
        raise invalid(
            f"Idempotency-Key must be 1 to {MAX_KEY} visible ASCII characters.", "Idempotency-Key"
        )


def may_have_acted(error: AppError) -> bool:
    """Whether a request that failed so may have had an effect."""
    return error.code in MAY_HAVE_ACTED and not isinstance(error, NotSent)
