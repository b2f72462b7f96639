"""What every resolver of one request shares."""

from dataclasses import dataclass, field
from typing import Any

import strawberry
from starlette.requests import Request
from starlette.responses import Response
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
    response: Response | WebSocket
    loaders: Loaders
    connection_params: dict[str, Any] = field(default_factory=dict)

    def become(self, caller: Principal) -> None:
        """Go on as that caller."""
        if caller != self.principal:
            self.principal = caller
            self.loaders = Loaders.over(self.deps, caller)


Info = strawberry.Info[Context, None]
