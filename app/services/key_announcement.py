"""Telling every rotation which keys this process has: one that it lacks must not become needed."""

import asyncio
import contextlib
from datetime import timedelta

from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.services.deps import KeyDeps

ANNOUNCED_SECONDS = 15.0
AGAIN_SECONDS = 5.0
RETRY_SECONDS = 1.0


async def announce_keys(deps: KeyDeps, process: str) -> None:
    """Announce the ids of this process's keys, for as long as this runs."""
    try:
        while True:
            is_done = await _announce(deps, process)
            await asyncio.sleep(AGAIN_SECONDS if is_done else RETRY_SECONDS)
    finally:
        with contextlib.suppress(AppError):  # then it runs out by itself
            await deps.deployment.withdraw(process)


async def _announce(deps: KeyDeps, process: str) -> bool:
    """Whether it could be done; a database that is away is somebody else's to report."""
    until = utc_now() + timedelta(seconds=ANNOUNCED_SECONDS)
    try:
        await deps.deployment.announce(process, await deps.vault.key_ids(), until)
    except AppError:
        return False
    return True
