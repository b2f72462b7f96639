"""Leases: who is working on a package record, so that abandoned work can be told from live."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.life import is_earlier_life
from app.domain.package_record import Package
from app.services.deps import Deps
from app.services.running import RunningOperation

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
RENEW_SECONDS = 5.0


def lease_until(now: datetime) -> datetime:
    """When a lease taken or renewed now runs out."""
    return now + timedelta(seconds=LEASE_SECONDS)


def new_owner(deps: Deps) -> str:
    """A signature for the lease of one operation: data folder, process, operation."""
    return f"{_process(deps)}/{uuid4().hex[:12]}"


def is_abandoned(deps: Deps, package: Package, now: datetime) -> bool:
    """Whether nobody can still be working on the record."""
    return is_over(deps, package.lease_owner, package.lease_expires_at, now)


def is_over(deps: Deps, owner: str | None, expires_at: datetime | None, now: datetime) -> bool:
    """Whether a lease binds nobody any more.

    An earlier life of our own data folder is certainly over, whatever its leases say.
    """
    if expires_at is None or expires_at <= now:
        return True
    instance, _, rest = (owner or "").partition("/")
    return instance == deps.instance and is_earlier_life(rest.partition("/")[0], deps.life)


def taken_over(name: str) -> AppError:
    """What an operation says whose lease another process has taken."""
    return AppError(
        ErrorCode.CONFLICT,
        f"The work on the package {name} was taken over by another process.",
        hint="Look at the package, and try again.",
    )


@contextlib.asynccontextmanager
async def keep_lease(
    deps: Deps, package: Package, operation: RunningOperation
) -> AsyncIterator[None]:
    """Renew the lease of an operation while it runs; end it when that is asked for elsewhere."""
    renewing = asyncio.create_task(
        _renew(deps, package, operation), name=f"lease {package.server_name}"
    )
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing


async def _renew(deps: Deps, package: Package, operation: RunningOperation) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            until = lease_until(utc_now())
            is_cancel_asked = await deps.packages.renew_lease(
                package.install_id, operation.owner, until
            )
        except AppError as error:
            log.warning("A lease could not be renewed: %s", error.message)
            continue
        if is_cancel_asked is None:
            operation.cancel(taken_over(package.name))
            return
        if is_cancel_asked:
            operation.cancel()


def _process(deps: Deps) -> str:
    return f"{deps.instance}/{deps.life}"
