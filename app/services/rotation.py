"""Rotation: bringing everything under the sealing key, while calls go on.

What is left is what the database says is left, so a rotation that was killed needs no memory of
its own: the next one goes on. Each record changes by compare-and-set, so that neither a secret
that is set meanwhile nor a second rotation can be undone by this one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

from app.domain.clock import utc_now
from app.domain.data_key import DataKey, KeyUsage, RotationProgress
from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SealedSecret
from app.services.data_keys import data_key_of
from app.services.deps import KeyDeps
from app.services.key_announcement import ANNOUNCED_SECONDS

log = logging.getLogger(__name__)

T = TypeVar("T")
Report = Callable[[RotationProgress], None]

LEASE = "key rotation"
# Renewed with every batch; so long a killed rotation keeps the next one waiting.
LEASE_SECONDS = 10.0
BATCH = 100
AT_ONCE = 8
MOST_LOGGED = 20
UNREADABLE = (
    ErrorCode.SECRET_KEY_MISSING,
    ErrorCode.SECRET_MOVED,
    ErrorCode.SECRET_UNREADABLE,
)


async def rotate_keys(deps: KeyDeps, report: Report) -> RotationProgress:
    """Wrap every data key with the sealing key, and seal v1 texts anew with data keys.

    `report` is called after every batch. Values stay readable throughout; what cannot be opened
    stays as it is, and is counted.

    Raises:
        AppError: CONFLICT while another rotation runs, or while the product runs somewhere
            without the sealing key; DATABASE_UNAVAILABLE.
    """
    return await _Rotation(deps, report).run()


async def key_usage(deps: KeyDeps) -> list[KeyUsage]:
    """What needs which deployment key: those of this process first, then those it lacks."""
    known = await deps.vault.key_ids()
    data_keys = await deps.data_keys.counts_by_key()
    v1_secrets = await deps.secrets.counts_by_key()
    unknown = sorted((data_keys.keys() | v1_secrets.keys()).difference(known))
    return [
        KeyUsage(
            key_id=key_id,
            is_known=key_id in known,
            is_sealing=key_id == known[0],
            data_keys=data_keys.get(key_id, 0),
            v1_secrets=v1_secrets.get(key_id, 0),
        )
        for key_id in (*known, *unknown)
    ]


class _Rotation:
    """One run over everything that is not under the sealing key."""

    def __init__(self, deps: KeyDeps, report: Report) -> None:
        self._deps = deps
        self._report = report
        self._owner = uuid4().hex
        self._total = self._done = self._unreadable = 0
        self._data_keys: dict[str, DataKey] = {}

    async def run(self) -> RotationProgress:
        await self._renew_lease()
        try:
            await self._refuse_if_keys_differ()
            self._total = await self._count()
            self._tell()
            await self._reseal_v1()
            await self._rewrap_data_keys()
            # Replicas that still seal with another key may have added some.
            self._total = self._done + await self._count()
            return self._tell(is_finished=True)
        finally:
            with contextlib.suppress(AppError):  # then it runs out by itself
                await self._deps.deployment.release_lease(LEASE, self._owner)

    async def _reseal_v1(self) -> None:
        after = None
        while batch := await self._deps.secrets.list_v1(after, BATCH):
            await self._renew_lease()
            owners = {secret.ref.username for secret in batch}
            self._data_keys = await self._deps.data_keys.find_many([*owners])
            await _each(batch, self._reseal)
            after = batch[-1].ref
            self._tell()

    async def _rewrap_data_keys(self) -> None:
        sealing, after = (await self._deps.vault.key_ids())[0], None
        while batch := await self._deps.data_keys.list_wrapped_otherwise(sealing, after, BATCH):
            await self._renew_lease()
            await _each(batch, self._rewrap)
            after = batch[-1].owner
            self._tell()

    async def _reseal(self, secret: SealedSecret) -> None:
        """When it changed meanwhile, it was set again or removed: it is no v1 text any more."""
        ref, vault = secret.ref, self._deps.vault
        try:
            value = (await vault.open_all(None, [secret]))[ref.name]
            data_key = self._data_keys.get(ref.username)
            if data_key is None:
                data_key = await data_key_of(self._deps, ref.username)
                self._data_keys[ref.username] = data_key
            sealed, key_id = await vault.seal(data_key, ref, value)
        except AppError as error:
            self._leave(ref.username, error)
            return
        await self._deps.secrets.reseal(secret, sealed=sealed, key_id=key_id)
        self._done += 1

    async def _rewrap(self, data_key: DataKey) -> None:
        """When it changed meanwhile, it was wrapped by another rotation, or shredded."""
        try:
            wrapped = await self._deps.vault.rewrap(data_key)
        except AppError as error:
            self._leave(data_key.owner, error)
            return
        await self._deps.data_keys.rewrap(wrapped, expected=data_key.wrapped)
        self._done += 1

    def _leave(self, owner: str, error: AppError) -> None:
        if error.code not in UNREADABLE:
            raise error
        self._unreadable += 1
        if self._unreadable <= MOST_LOGGED:
            log.warning("Left as it is, for the user %r: %s", owner, error.message)

    async def _count(self) -> int:
        return sum(
            usage.v1_secrets + (0 if usage.is_sealing else usage.data_keys)
            for usage in await key_usage(self._deps)
        )

    async def _refuse_if_keys_differ(self) -> None:
        """Calls would fail in a process that lacks the key that everything is about to need."""
        sealing = (await self._deps.vault.key_ids())[0]
        running = await self._deps.deployment.list_announced(utc_now())
        lacking = sum(sealing not in key_ids for key_ids in running)
        if lacking:
            raise AppError(
                ErrorCode.CONFLICT,
                f"{lacking} running MCP API processes do not have the sealing key {sealing}.",
                hint="Start them again with that key as SECRETS_KEY or in SECRETS_KEYS_OLD; one "
                f"that was killed is forgotten after {ANNOUNCED_SECONDS:.0f} s.",
            )

    async def _renew_lease(self) -> None:
        now = utc_now()
        until = now + timedelta(seconds=LEASE_SECONDS)
        if not await self._deps.deployment.take_lease(LEASE, self._owner, now=now, until=until):
            raise AppError(
                ErrorCode.CONFLICT,
                "The keys are being rotated already.",
                hint=f"Wait for it; one that was killed is forgotten after {LEASE_SECONDS:.0f} s.",
            )

    def _tell(self, *, is_finished: bool = False) -> RotationProgress:
        progress = RotationProgress(
            total=max(self._total, self._done + self._unreadable),
            done=self._done,
            unreadable=self._unreadable,
            is_finished=is_finished,
        )
        self._report(progress)
        return progress


async def _each(items: Sequence[T], work: Callable[[T], Awaitable[None]]) -> None:
    """Do the work for every item, some at once; the first failure is raised when all are done."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> None:
        async with limit:
            await work(item)

    for outcome in await asyncio.gather(*map(one, items), return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
