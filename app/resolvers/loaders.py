"""Batched reads along the edges, so that nested queries cost one read a level."""

from dataclasses import dataclass
from typing import Self

from strawberry.dataloader import DataLoader

from app.domain.package_record import Package
from app.domain.principal import Principal
from app.domain.server import Server
from app.services.deps import Deps
from app.services.package_reads import find_packages
from app.services.servers import find_servers


@dataclass(frozen=True, slots=True)
class Loaders:
    """Loaders by server name. They keep nothing: a WebSocket's operations share them for hours."""

    servers: DataLoader[str, Server | None]
    packages: DataLoader[str, Package | None]

    @classmethod
    def over(cls, deps: Deps, caller: Principal) -> Self:
        """Loaders of what the caller may see."""

        async def servers(names: list[str]) -> list[Server | None]:
            found = await find_servers(deps, caller, names)
            return [found.get(name) for name in names]

        async def packages(names: list[str]) -> list[Package | None]:
            found = await find_packages(deps, caller, names)
            return [found.get(name) for name in names]

        return cls(
            DataLoader(load_fn=servers, cache=False), DataLoader(load_fn=packages, cache=False)
        )
