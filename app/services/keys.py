"""The deployment's keys, for who may manage them: looked at, and rotated in the background."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.domain.data_key import KeyUsage, RotationProgress
from app.domain.errors import AppError, invalid
from app.domain.policy import Action
from app.domain.principal import Principal
from app.services.access import operation
from app.services.deps import Deps
from app.services.rotation import key_usage, rotate_keys

log = logging.getLogger(__name__)


async def list_keys(deps: Deps, caller: Principal) -> list[KeyUsage]:
    """What needs which deployment key.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_KEYS):
        return await key_usage(deps)


async def start_rotation(
    deps: Deps, caller: Principal, sealing_key_id: str | None
) -> RotationProgress:
    """Begin a rotation, which goes on without the caller; how far it is as it begins.

    Raises:
        AppError: FORBIDDEN; INVALID_INPUT when another key seals; what `rotate_keys` raises.
    """
    async with operation(deps, caller, Action.ROTATE_KEYS):
        return await _start_rotation(deps, sealing_key_id)


async def _start_rotation(deps: Deps, sealing_key_id: str | None) -> RotationProgress:
    sealing = (await deps.vault.key_ids())[0]
    if sealing_key_id not in (None, sealing):
        raise invalid(f"The key that seals here is {sealing}.", "sealingKeyId")
    begun: asyncio.Future[RotationProgress] = asyncio.get_running_loop().create_future()

    def tell(progress: RotationProgress) -> None:
        deps.rotations.publish(progress)
        deps.outbox.put(progress)
        if not begun.done():
            begun.set_result(progress)

    async def rotate() -> RotationProgress:
        try:
            return await rotate_keys(deps, tell)
        except AppError as error:
            if begun.done():  # else the caller is told
                log.warning("The rotation of keys stopped: %s Rotate again.", error.message)
            raise

    work = deps.operations.start(rotate(), name="key rotation")
    await asyncio.wait({begun, work}, return_when=asyncio.FIRST_COMPLETED)
    return begun.result() if begun.done() else work.result()


async def follow_rotation(deps: Deps, caller: Principal) -> AsyncGenerator[RotationProgress, None]:
    """The progress of rotations, whichever process does them, beginning with the latest.

    Raises:
        AppError: FORBIDDEN; CONFLICT when the reader is too slow.
    """
    async with operation(deps, caller, Action.WATCH_ROTATION):
        changes = deps.rotations.follow(lambda _progress: True, first=deps.rotations.latest)
        async with aclosing(changes):
            async for progress in changes:
                yield progress
