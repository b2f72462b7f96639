"""What callers may know of themselves."""

from dataclasses import dataclass

from app.domain.policy import Action, is_granted
from app.domain.principal import Principal
from app.services.access import operation
from app.services.deps import Deps


@dataclass(frozen=True, slots=True)
class CallerView:
    """The caller, and every operation that their roles include."""

    caller: Principal
    actions: tuple[Action, ...]


async def show_viewer(deps: Deps, caller: Principal) -> CallerView:
    """Who is calling, and what they may do.

    Raises:
        AppError: FORBIDDEN for a caller without a role.
    """
    async with operation(deps, caller, Action.READ_VIEWER):
        return CallerView(caller, tuple(action for action in Action if is_granted(caller, action)))
