"""Leases: who is working on a package record, so that abandoned work can be told from live."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from app.domain.errors import AppError
from app.domain.package import Package
from app.services.deps import Deps

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
RENEW_SECONDS = 15.0


def lease_until(now: datetime) -> datetime:
    """When a lease taken or renewed now runs out."""
    return now + timedelta(seconds=LEASE_SECONDS)


def is_abandoned(package: Package, now: datetime) -> bool:
    """Whether nobody can still be working on the record."""
    return package.lease_expires_at is None or package.lease_expires_at <= now


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
            until = lease_until(datetime.now(UTC))
            await deps.packages.renew_lease(package.install_id, deps.instance, until)
        except AppError as error:
            log.warning("A lease could not be renewed: %s", error.message)
