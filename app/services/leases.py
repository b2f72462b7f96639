"""Leases: who is working on a package record, so that abandoned work can be told from live."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.package import Package
from app.services.deps import Deps

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
RENEW_SECONDS = 15.0


def lease_until(now: datetime) -> datetime:
    """When a lease taken or renewed now runs out."""
    return now + timedelta(seconds=LEASE_SECONDS)


def lease_owner(deps: Deps) -> str:
    """Our signature on a lease."""
    return f"{deps.instance}/{deps.life}"


def is_abandoned(deps: Deps, package: Package, now: datetime) -> bool:
    """Whether nobody can still be working on the record.

    An earlier life of our own data folder is certainly over, whatever its leases say: the
    folder is locked by us.
    """
    if package.lease_expires_at is None or package.lease_expires_at <= now:
        return True
    folder = (package.lease_owner or "").partition("/")[0]
    return folder == deps.instance and package.lease_owner != lease_owner(deps)


@contextlib.asynccontextmanager
async def keep_lease(deps: Deps, package: Package) -> AsyncIterator[None]:
    """Renew the lease of an operation while it runs."""
    renewing = asyncio.create_task(_renew(deps, package), name=f"lease {package.server_name}")
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing


async def _renew(deps: Deps, package: Package) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            until = lease_until(utc_now())
            await deps.packages.renew_lease(package.install_id, lease_owner(deps), until)
        except AppError as error:
            log.warning("A lease could not be renewed: %s", error.message)
