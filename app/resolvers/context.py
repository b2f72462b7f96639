"""What every resolver of one request shares."""

from dataclasses import dataclass, field
from typing import Any

import strawberry
from starlette.requests import Request
from starlette.websockets import WebSocket

from app.domain.principal import Principal
from app.resolvers.loaders import Loaders
from app.services.deps import Deps


@dataclass(slots=True)
class Context:
    """The services' dependencies, the caller, and this request's data loaders."""

    deps: Deps
    principal: Principal
    request: Request | WebSocket
    connection_params: dict[str, Any] = field(default_factory=dict)
    _loaders: Loaders | None = None

    @property
    def loaders(self) -> Loaders:
        """This request's data loaders, made when first needed."""
        if self._loaders is None:
            self._loaders = Loaders.over(self.deps, self.principal)
        return self._loaders

    def become(self, caller: Principal) -> None:
        """Go on as that caller."""
        if caller != self.principal:
            self.principal, self._loaders = caller, None


Info = strawberry.Info[Context, None]
