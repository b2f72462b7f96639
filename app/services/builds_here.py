"""Which versions of packages are on this machine, as far as this process knows."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class LocalBuilds:
    """Which folders are known to be whole, which are being fetched, and why some are not here.

    Whole is also what a server has that comes from no package: no folder.
    """

    whole: set[str | None] = field(default_factory=lambda: {None})
    fetches: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def forget(self, folder: str) -> None:
        """The folder is being removed."""
        self.whole.discard(folder)
        self.failures.pop(folder, None)
