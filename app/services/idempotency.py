"""Doing what a request asks once, however often it comes with the same Idempotency-Key.

Decision 0031. The key belongs to the caller: two callers may use the same one.
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

import orjson

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.kept_answer import (
    KEPT_FOR,
    MAX_KEPT_BYTES,
    Answer,
    Claim,
    KeyedRequest,
    check_idempotency_key,
)
from app.domain.secret import SealedSecret, SecretRef
from app.services.data_keys import data_key_of, open_stored
from app.services.deps import Deps
from app.services.leases import RENEW_SECONDS, is_over, lease_until, new_owner

# In place of a server's name: no server is called so.
PLACE = " answers"
NEW_KEY = "To ask anew, use another key."


async def answer_once(
    deps: Deps,
    request: KeyedRequest,
    work: Callable[[], Awaitable[Answer]],
    again: Callable[[], AbstractAsyncContextManager[None]],
) -> tuple[Answer, bool]:
    """The answer to the request, and whether it is the first one given again.

    The work outlives the client that asked for it: the client may come back for the answer. What
    it raises has had no effect, and leaves the key free; any other failure is an answer. The work
    passes the gate itself; `again` is that gate, for who asks once more.

    Raises:
        AppError: INVALID_INPUT for a malformed key; CONFLICT for another content under a known
            one, while the first request is at work, or when nobody can tell what became of it;
            and what the gate raises.
    """
    check_idempotency_key(request.key)
    claim = _claim(deps, request)
    existing = await deps.answers.claim(claim, utc_now())
    if existing is not None:
        async with again():
            return await _given_again(deps, request, existing), True
    answer = await deps.operations.run(_work(deps, claim, work), f"keyed request {request.key}")
    return answer, False


async def _work(deps: Deps, claim: Claim, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do it; a key whose work was cut short stays taken, since it may have had an effect."""
    try:
        async with _kept_lease(deps, claim):
            answer = await work()
    except AppError:
        await deps.answers.release(claim.claim_id)
        raise
    sealed = None
    if len(answer.body) <= MAX_KEPT_BYTES:
        sealed = await _seal(deps, claim, answer)
    await deps.answers.complete(claim.claim_id, sealed)
    return answer


async def _given_again(deps: Deps, request: KeyedRequest, claim: Claim) -> Answer:
    if claim.fingerprint != request.fingerprint:
        raise _conflict("This Idempotency-Key stands for another request, or for one of a caller "
                        "with other rights.", hint=NEW_KEY)  # fmt: skip
    if claim.is_done:
        return await _open(deps, claim)
    if is_over(deps, claim.owner, claim.lease_expires_at, utc_now()):
        raise _conflict("The first request with this Idempotency-Key was cut short; it may have "
                        "had an effect.", hint=NEW_KEY)  # fmt: skip
    raise _conflict(
        "The first request with this Idempotency-Key is still at work.",
        hint="Ask again in a moment.",
    )


def _claim(deps: Deps, request: KeyedRequest) -> Claim:
    now = utc_now()
    return Claim(
        subject=request.subject,
        key=request.key,
        fingerprint=request.fingerprint,
        claim_id=uuid4().hex,
        owner=new_owner(deps),
        lease_expires_at=lease_until(now),
        expires_at=now + KEPT_FOR,
    )


@contextlib.asynccontextmanager
async def _kept_lease(deps: Deps, claim: Claim) -> AsyncIterator[None]:
    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(AppError):
                await deps.answers.renew(claim.claim_id, lease_until(utc_now()))

    renewing = asyncio.create_task(renew(), name="lease of a key")
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing


def _ref(claim: Claim) -> SecretRef:
    return SecretRef(claim.subject, PLACE, claim.claim_id)


async def _seal(deps: Deps, claim: Claim, answer: Answer) -> str:
    """What a tool answered is the caller's own: it is kept as their secrets are."""
    text = orjson.dumps([answer.status, base64.b64encode(answer.body).decode()]).decode()
    sealed, _ = await deps.vault.seal(await data_key_of(deps, claim.subject), _ref(claim), text)
    return sealed


async def _open(deps: Deps, claim: Claim) -> Answer:
    if claim.sealed is None:
        raise _conflict("The first answer to this Idempotency-Key was too large to be kept.",
                        hint="The request has been carried out.")  # fmt: skip
    ref = _ref(claim)
    try:
        opened = await open_stored(deps, claim.subject, [SealedSecret(ref, claim.sealed)])
    except AppError as error:
        if error.code is ErrorCode.DATABASE_UNAVAILABLE:
            raise
        raise _conflict("The first answer to this Idempotency-Key can no longer be read.",
                        hint=NEW_KEY) from None  # fmt: skip
    status, body = orjson.loads(opened[ref.name])
    return Answer(status, base64.b64decode(body))


def _conflict(message: str, hint: str) -> AppError:
    return AppError(ErrorCode.CONFLICT, message, path=("Idempotency-Key",), hint=hint)
