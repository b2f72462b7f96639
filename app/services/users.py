"""Users: removed with everything that is theirs."""

from app.domain.clock import utc_now
from app.domain.policy import Action
from app.domain.principal import Principal
from app.services.access import operation
from app.services.data_keys import shred_user
from app.services.deps import Deps


async def remove_user(deps: Deps, caller: Principal, username: str) -> int:
    """Shred a user's data key and secrets, and end the user's sessions; how many secrets.

    Can be repeated. Other replicas are told, and do the same.

    Raises:
        AppError: INVALID_INPUT or FORBIDDEN.
    """
    async with operation(deps, caller, Action.REMOVE_USER, username=username):
        return await deps.operations.run(_remove(deps, username), f"remove user {username}")


async def _remove(deps: Deps, username: str) -> int:
    removed = await shred_user(deps, username)
    deps.sessions.end_user(username)
    await deps.deployment.announce_removal(username, utc_now())
    return removed
