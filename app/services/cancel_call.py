"""Cancelling a call, in whichever process of the deployment it runs."""

import asyncio

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.domain.life import call_prefix
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.signals import CancelWish
from app.services.access import operation
from app.services.deps import Deps

ANSWER_SECONDS = 2.0
POLL_SECONDS = 0.02


async def cancel_call(deps: Deps, caller: Principal, call_id: str) -> None:
    """Cancel a call under way; its server is told.

    Raises:
        AppError: FORBIDDEN; CALL_NOT_FOUND, also for a call of somebody the caller may not act
            for; DATABASE_UNAVAILABLE for a call that is not in this process.
    """
    async with operation(deps, caller, Action.CANCEL_CALL, target=call_id):
        wish = CancelWish(call_id, caller.users)
        if not cancel_here(deps, wish) and not await _cancel_elsewhere(deps, wish):
            raise AppError(
                ErrorCode.CALL_NOT_FOUND,
                "There is no such call under way.",
                path=("callId",),
                hint="It may have ended.",
            )


def cancel_here(deps: Deps, wish: CancelWish) -> bool:
    """Whether the call was under way in this process, and has been asked to end."""
    running = deps.calls.get(wish.call_id)
    if running is None or (wish.users is not None and running.username not in wish.users):
        return False
    running.end()
    return True


async def _cancel_elsewhere(deps: Deps, wish: CancelWish) -> bool:
    """Whether another process has done it; it is asked only if the id is of one that runs."""
    others = {*await deps.deployment.list_processes(utc_now())} - {deps.life}
    if not any(wish.call_id.startswith(call_prefix(life)) for life in others):
        return False
    signal_id = await deps.signals.post(wish)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                answer = await deps.signals.find_answer(signal_id)
                if answer is not None:
                    return answer
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        return False  # it has died, or its change stream has
