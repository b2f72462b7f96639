"""What a call would carry, looked at beforehand; never a value."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.delivery import SecretBinding, bindings_for
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.secret import SHARED, Secret
from app.domain.server import Server
from app.services.access import operation
from app.services.deps import Deps
from app.services.servers import get_server


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSecret:
    """One secret of a server, as it stands for a user; `stored` is None when it is not set."""

    binding: SecretBinding
    is_declared: bool
    stored: Secret | None

    @property
    def is_shared(self) -> bool:
        """Whether the value is the one that all users share."""
        return self.stored is not None and self.stored.ref.username == SHARED

    @property
    def set_at(self) -> datetime | None:
        """When the value was set last."""
        return None if self.stored is None else self.stored.updated_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """Every secret that matters to a call of that user, and which are missing."""

    server_name: str
    username: str
    secrets: tuple[PlannedSecret, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The required secrets that are not set."""
        gaps = (s.binding for s in self.secrets if s.stored is None)
        return tuple(binding.name for binding in gaps if binding.is_required)


async def preflight(
    deps: Deps, caller: Principal, server_name: str, username: str | None
) -> Preflight:
    """What would be delivered how, what is missing, how old it is, and when it was used last.

    Raises:
        AppError: INVALID_INPUT, FORBIDDEN or SERVER_NOT_FOUND.
    """
    async with operation(
        deps, caller, Action.PREFLIGHT_SECRETS, server_name=server_name, username=username
    ) as allowed:
        server = allowed.admit(await get_server(deps, server_name))
        return await _preflight(deps, allowed.username, server)


async def _preflight(deps: Deps, user: str, server: Server) -> Preflight:
    stored: dict[str, Secret] = {}
    for owner in (SHARED, user):
        stored |= {s.ref.name: s for s in await deps.secrets.list_of_server(owner, server.name)}
    declared = server.settings.secrets
    names = {binding.name for binding in declared}
    others = bindings_for([name for name in sorted(stored) if name not in names])
    return Preflight(
        server_name=server.name,
        username=user,
        secrets=tuple(
            PlannedSecret(binding=b, is_declared=b.name in names, stored=stored.get(b.name))
            for b in (*declared, *others)
        ),
    )
