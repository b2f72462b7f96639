"""One operation on a package: under its lease, cancellable, finished or undone whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallPhase
from app.domain.package_ports import Report
from app.domain.package_record import Package, PackageStatus
from app.domain.policy import Action
from app.domain.principal import Principal
from app.services.access import operation
from app.services.deps import Deps
from app.services.leases import keep_lease, lease_until, new_owner
from app.services.package_reads import get_package
from app.services.recovery import finish_or_undo, recover_if_abandoned
from app.services.running import RunningOperation

log = logging.getLogger(__name__)

T = TypeVar("T")
POLL_SECONDS = 0.25
CANCEL_PATIENCE_SECONDS = 30.0
# Failures that say something about the package, and not about the request.
NOTED = (
    ErrorCode.INSTALL_FAILED, ErrorCode.REGISTRY_UNAVAILABLE, ErrorCode.SERVER_DID_NOT_START,
)  # fmt: skip


async def begin(
    deps: Deps,
    server_name: str,
    status: PackageStatus,
    *,
    work_dir: str | None = None,
    keeps_secrets: bool = False,
) -> Package:
    """The record of an operation that has just begun on an installed package.

    What a dead process has left half-done is finished or undone first.

    Raises:
        AppError: INVALID_INPUT, PACKAGE_NOT_FOUND, or CONFLICT while another one is under way.
    """
    await get_package(deps, server_name)
    await recover_if_abandoned(deps, server_name)
    idle = await get_package(deps, server_name)
    wanted = replace(idle, status=status, work_dir=work_dir, keeps_secrets=keeps_secrets)
    begun = await deps.packages.begin(under_lease(deps, wanted))
    if begun is None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"The package of server {server_name!r} is being installed, upgraded or uninstalled "
            "right now.",
            path=("serverName",),
            hint="Wait until that is done.",
        )
    return begun


def under_lease(deps: Deps, package: Package) -> Package:
    """The record with a lease of its own, as it is at the beginning of an operation."""
    return package.leased(new_owner(deps), lease_until(utc_now()))


async def run_package_work(
    deps: Deps,
    package: Package,
    work: Callable[[Report], Awaitable[T]],
    *,
    is_noted: bool = True,
) -> T:
    """What the work returns; it goes on when the caller goes away.

    On any failure, on a shutdown and when it is cancelled on request, what has not reached the
    server is undone; a killed process is cleaned up after at the next start. With `is_noted`
    the package's record tells why it failed.

    Raises:
        AppError: OPERATION_CANCELLED, and whatever the work raises.
    """
    name = f"{package.status.value} {package.server_name}"
    working = _carry_out(deps, package, work, is_noted=is_noted)
    return await deps.operations.run(working, name=name)


async def _carry_out(
    deps: Deps, package: Package, work: Callable[[Report], Awaitable[T]], *, is_noted: bool
) -> T:
    task = asyncio.current_task()
    if task is None or package.lease_owner is None:
        raise RuntimeError("an operation needs a task and a lease of its own")
    running = RunningOperation(package.lease_owner, task)
    deps.package_work[package.server_name] = running
    report = deps.progress.reporter(package.server_name, package.name)
    try:
        async with keep_lease(deps, package, running):
            try:
                return await work(report)
            except BaseException as error:
                running.is_undoing = True
                await _undo(deps, package, _why(error) if is_noted else None)
                report(InstallPhase.FAILED, _told(error, running))
                if running.because is None or not isinstance(error, asyncio.CancelledError):
                    raise
                task.uncancel()
                raise running.because from None
    finally:
        if deps.package_work.get(package.server_name) is running:
            del deps.package_work[package.server_name]


def _why(error: BaseException) -> str | None:
    """What the record tells of a failure; None for what says nothing about the package."""
    is_noted = isinstance(error, AppError) and error.code in NOTED
    return error.sentence() if isinstance(error, AppError) and is_noted else None


def _told(error: BaseException, running: RunningOperation) -> str:
    """What those who follow hear of a failure."""
    if isinstance(error, asyncio.CancelledError):
        return "cancelled" if running.because is None else running.because.message
    return error.sentence() if isinstance(error, AppError) else "an internal error; the log has it"


async def _undo(deps: Deps, package: Package, why: str | None) -> None:
    """Undo, to the end even when we are being cancelled; what fails is done at the next start."""
    undoing = asyncio.ensure_future(_undo_now(deps, package, why and deps.seen.mask(why)))
    try:
        await asyncio.shield(undoing)
    except AppError as error:
        log.warning("An operation is not undone yet (%s); it will be at the next start.", error)


async def _undo_now(deps: Deps, package: Package, why: str | None) -> None:
    stored = await deps.packages.find(package.server_name)
    if stored is None or stored.lease_owner != package.lease_owner:
        # It is over, or who has taken over decides; but the folder is on our machine.
        is_named = stored is not None and package.work_dir in stored.folders()
        if package.work_dir is not None and not is_named:
            await deps.files.remove(package.work_dir)
        return
    await finish_or_undo(deps, stored, why=why)


async def to_the_end(work: Coroutine[Any, Any, T], running: RunningOperation | None) -> T:
    """What the work returns: it is not cut short by a cancellation, which comes too late."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        result = await task
        if running is None or running.because is None:
            raise
        running.task.uncancel()
        return result


async def cancel_package_operation(deps: Deps, caller: Principal, server_name: str) -> None:
    """End the install, upgrade or rollback under way, on whichever replica; waits until it is over.

    What it has done is undone; one that is switching in its result is finished instead.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT, PACKAGE_NOT_FOUND, or CONFLICT when nothing is under
            way that can be cancelled.
    """
    action = Action.CANCEL_PACKAGE_OPERATION
    async with operation(deps, caller, action, server_name=server_name):
        await _cancel(deps, server_name)


async def _cancel(deps: Deps, server_name: str) -> None:
    package = await get_package(deps, server_name)
    is_cancellable = package.status in (PackageStatus.INSTALLING, PackageStatus.UPGRADING)
    owner = package.lease_owner
    if not is_cancellable or owner is None:
        raise AppError(
            ErrorCode.CONFLICT,
            f"Nothing that can be cancelled is under way for server {server_name!r}.",
            path=("serverName",),
        )
    here = deps.package_work.get(server_name)
    if here is not None and here.owner == owner:
        here.cancel()
        await asyncio.wait({here.task})
    elif await deps.packages.ask_cancel(package.install_id, owner):
        await _until_over(deps, server_name, owner)


async def _until_over(deps: Deps, server_name: str, owner: str) -> None:
    """Wait for the replica that does it; it hears of the wish when it renews its lease."""
    try:
        async with asyncio.timeout(CANCEL_PATIENCE_SECONDS):
            while True:
                package = await deps.packages.find(server_name)
                if package is None or package.lease_owner != owner:
                    return
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise AppError(
            ErrorCode.CONFLICT,
            "The replica that does the work has not answered yet; it ends as soon as it hears.",
            hint="Look at the package again in a moment.",
        ) from None
