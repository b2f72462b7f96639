"""A process that dies at a chosen write: from then on nothing it does reaches the outside."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from app.services.deps import Deps

T = TypeVar("T")

WRITES = frozenset(
    {
        "claim", "begin", "store", "take_over", "delete", "insert", "switch", "replace",
        "create", "seal", "remove", "note", "forget", "delete_of_server", "install",
    }
)  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Life:
    """How many writes are left; with `is_after` the last one still takes place.

    `last` is the write at which it ended.
    """

    writes: int
    is_after: bool
    is_over: bool = False
    last: str = ""

    async def write(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do the write, or die of it."""
        self.check()
        self.writes -= 1
        if self.writes >= 0:
            return await work()
        self.is_over, self.last = True, name
        if self.is_after:
            await work()
        raise Killed

    def check(self) -> None:
        if self.is_over:
            raise Killed


class Mortal:
    """An engine or a store as a mortal process has it."""

    def __init__(self, inner: Any, life: Life) -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: Any, **options: Any) -> Any:
            self._life.check()
            if name not in WRITES:
                return await found(*args, **options)
            return await self._life.write(name, lambda: found(*args, **options))

        return call


def mortal(deps: Deps, life: Life) -> Deps:
    """The same dependencies in a process with that life."""

    def wrap(inner: Any) -> Any:
        return Mortal(inner, life)

    return replace(
        deps,
        life="mortal",
        servers=wrap(deps.servers),
        packages=wrap(deps.packages),
        removed_packages=wrap(deps.removed_packages),
        secrets=wrap(deps.secrets),
        files=wrap(deps.files),
        installers={runtime: wrap(installer) for runtime, installer in deps.installers.items()},
    )
