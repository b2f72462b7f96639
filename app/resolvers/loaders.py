"""Batched reads along the edges, so that nested queries cost one read a level."""

from dataclasses import dataclass
from typing import Self

from strawberry.dataloader import DataLoader

from app.domain.package import Package
from app.domain.server import Server
from app.services.deps import Deps


@dataclass(frozen=True, slots=True)
class Loaders:
    """Loaders by server name. They keep nothing: a WebSocket's operations share them for hours."""

    servers: DataLoader[str, Server | None]
    packages: DataLoader[str, Package | None]

    @classmethod
    def over(cls, deps: Deps) -> Self:
        """Loaders that read from the stores of `deps`."""

        async def servers(names: list[str]) -> list[Server | None]:
            found = await deps.servers.find_many(names)
            return [found.get(name) for name in names]

        async def packages(names: list[str]) -> list[Package | None]:
            found = await deps.packages.find_many(names)
            return [found.get(name) for name in names]

        return cls(
            DataLoader(load_fn=servers, cache=False), DataLoader(load_fn=packages, cache=False)
        )
