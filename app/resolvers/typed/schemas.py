"""Which typed schema a caller gets."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from graphql import GraphQLSchema
from starlette.types import ASGIApp

from app.domain.principal import Principal
from app.resolvers.typed.making import Makings, Typed
from app.resolvers.typed.shared import Shared
from app.services.deps import Deps
from app.services.tool_sets import ToolNews, list_tool_sets

MAX_CALLERS = 1_000
# For so long after a change a caller waits for the new schema, and then goes on with the old one
# until the new one is there.
PATIENCE_SECONDS = 2.0
# Older than any version of the news.
UNKNOWN = -1

CallerKey = tuple[object, ...]


@dataclass(slots=True)
class _Known:
    """The schema a caller got last, the version of the news it was right for, and since when not.

    The last is a time of the event loop.
    """

    version: int
    digest: bytes
    behind_since: float | None = None


class TypedSchemas:
    """Finds the schema of a caller. A request keeps the one it was given, whatever changes."""

    def __init__(
        self, deps: Deps, shared: Shared, make_view: Callable[[GraphQLSchema], ASGIApp]
    ) -> None:
        self._deps = deps
        self._news = ToolNews(deps.news)
        self._makings = Makings(deps.operations, shared, make_view)
        self._known: OrderedDict[CallerKey, _Known] = OrderedDict()
        self._renewals: dict[CallerKey, asyncio.Task[tuple[int | None, Typed]]] = {}

    async def get(self, caller: Principal) -> Typed:
        """The caller's schema: the newest, or while that takes long the one before.

        Raises:
            AppError: FORBIDDEN or DATABASE_UNAVAILABLE.
        """
        who = (caller.subject, caller.roles, caller.groups)
        wanted = self._news.version
        if wanted is None:  # nobody tells of changes: look
            return (await self._renew(caller, who))[1]
        while True:
            known, old = self._last(who)
            if known is not None and old is not None and known.version >= wanted:
                return old
            renewal = self._renewal(caller, who)
            if known is not None and old is not None and not await _is_soon(renewal, known):
                return old
            version, typed = await asyncio.shield(renewal)
            if version is None or version >= wanted:
                return typed

    def _last(self, who: CallerKey) -> tuple[_Known | None, Typed | None]:
        known = self._known.get(who)
        if known is None:
            return None, None
        self._known.move_to_end(who)
        return known, self._makings.find(known.digest)

    def _renewal(self, caller: Principal, who: CallerKey) -> asyncio.Task[tuple[int | None, Typed]]:
        """The one under way for that caller, which may have begun before the last change."""
        task = self._renewals.get(who)
        if task is None:
            task = self._deps.operations.start(self._renew(caller, who), "typed tools")
            self._renewals[who] = task
            task.add_done_callback(lambda _: self._renewals.pop(who))
        return task

    async def _renew(self, caller: Principal, who: CallerKey) -> tuple[int | None, Typed]:
        version = self._news.version
        digest, typed = await self._makings.get(await list_tool_sets(self._deps, caller))
        known = self._known.get(who)
        behind_since = (
            None if known is None or version == self._news.version else known.behind_since
        )
        self._known[who] = _Known(UNKNOWN if version is None else version, digest, behind_since)
        while len(self._known) > MAX_CALLERS:
            self._known.popitem(last=False)
        return version, typed


async def _is_soon(renewal: asyncio.Task[tuple[int | None, Typed]], known: _Known) -> bool:
    """Whether the renewal ends while the caller is patient, counted from the first to notice."""
    now = asyncio.get_running_loop().time()
    if known.behind_since is None:
        known.behind_since = now
    left = known.behind_since + PATIENCE_SECONDS - now
    await asyncio.wait({renewal}, timeout=max(0.0, left))
    return renewal.done()
