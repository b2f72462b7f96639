"""Typed schemas, one for each set of tools that some caller may use: made once, in a thread."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from graphql import GraphQLSchema, print_schema
from starlette.types import ASGIApp

from app.domain.principal import Principal
from app.domain.typed.names import type_words
from app.resolvers.typed.schema import typed_schema
from app.resolvers.typed.server_types import ServerTypes, server_types
from app.resolvers.typed.shared import Shared
from app.services.deps import Deps
from app.services.tool_sets import ToolNews, ToolSet, list_tool_sets

log = logging.getLogger(__name__)

MAX_CALLERS = 1_000
# What is kept of schemas that are not in use, by their tools together: some 20 KiB each.
MAX_KEPT_TOOLS = 10_000
# A caller who has an older schema goes on with it when the new one takes longer.
PATIENCE_SECONDS = 2.0

ToolSets = tuple[ToolSet, ...]
CallerKey = tuple[object, ...]


class Typed:
    """A schema ready for use; `view` serves requests to it."""

    def __init__(self, schema: GraphQLSchema, view: ASGIApp) -> None:
        self.schema = schema
        self.view = view
        self._sdl: bytes | None = None

    async def sdl(self) -> bytes:
        """The schema as text, written in a thread: it takes a second for some thousand tools."""
        if self._sdl is None:
            self._sdl = (await asyncio.to_thread(print_schema, self.schema)).encode() + b"\n"
        return self._sdl


@dataclass(frozen=True, slots=True, eq=False)
class _Making:
    """A schema that is made, or is being made."""

    task: asyncio.Task[Typed]
    tools: int


class TypedSchemas:
    """Finds the schema of a caller, and makes it where there is none yet.

    A request keeps the one it was given, whatever changes meanwhile. One schema is made at a time,
    and of a change only the changed servers' types are made anew.
    """

    def __init__(
        self, deps: Deps, shared: Shared, make_view: Callable[[GraphQLSchema], ASGIApp]
    ) -> None:
        self._deps = deps
        self._shared = shared
        self._make_view = make_view
        self._news = ToolNews(deps.news)
        self._of_callers: OrderedDict[CallerKey, tuple[int | None, bytes]] = OrderedDict()
        self._listings: dict[tuple[CallerKey, int], asyncio.Task[ToolSets]] = {}
        self._kept: OrderedDict[bytes, _Making] = OrderedDict()
        self._servers: OrderedDict[str, tuple[str, ServerTypes]] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def get(self, caller: Principal) -> Typed:
        """The caller's schema, as new as the last change that was told.

        Raises:
            AppError: FORBIDDEN or DATABASE_UNAVAILABLE.
        """
        who = (caller.subject, caller.roles, caller.groups)
        version = self._news.version
        known_version, digest = self._of_callers.get(who, (None, b""))
        known = self._kept.get(digest)
        if known is not None and known.task.done():
            self._of_callers.move_to_end(who)
            self._kept.move_to_end(digest)
            if version is not None and version == known_version:
                return known.task.result()
        digest, making = self._making(await self._list(caller, who, version))
        if known is not None and known.task.done():
            await asyncio.wait({making.task}, timeout=PATIENCE_SECONDS)
            if not making.task.done():
                return known.task.result()
        typed = await asyncio.shield(making.task)
        self._of_callers[who] = (version, digest)
        while len(self._of_callers) > MAX_CALLERS:
            self._of_callers.popitem(last=False)
        return typed

    async def _list(self, caller: Principal, who: CallerKey, version: int | None) -> ToolSets:
        """What the caller may use; after a change many ask for it at the same moment."""
        if version is None:
            return await list_tool_sets(self._deps, caller)
        key = (who, version)
        task = self._listings.get(key)
        if task is None:
            work = list_tool_sets(self._deps, caller)
            task = self._listings[key] = self._deps.operations.start(work, "list tools")
            task.add_done_callback(lambda _: self._listings.pop(key))
        return await asyncio.shield(task)

    def _making(self, tool_sets: ToolSets) -> tuple[bytes, _Making]:
        digest = sha256(b"".join(s.server_name.encode() + s.stamp for s in tool_sets)).digest()
        making = self._kept.get(digest)
        if making is None:
            task = self._deps.operations.start(self._make(tool_sets), "typed schema")
            making = self._kept[digest] = _Making(task, sum(len(s.tools) for s in tool_sets))
            task.add_done_callback(lambda done: self._forget_failed(digest, done))
            self._trim()
        self._kept.move_to_end(digest)
        return digest, making

    def _forget_failed(self, digest: bytes, task: asyncio.Task[Typed]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._kept.pop(digest, None)

    def _trim(self) -> None:
        while len(self._kept) > 1 and sum(m.tools for m in self._kept.values()) > MAX_KEPT_TOOLS:
            self._kept.popitem(last=False)

    async def _make(self, tool_sets: ToolSets) -> Typed:
        async with self._one_at_a_time:
            schema = await asyncio.to_thread(self._build, tool_sets)
        log.info("A typed schema of %d servers was made.", len(tool_sets))
        return Typed(schema, self._make_view(schema))

    def _build(self, tool_sets: ToolSets) -> GraphQLSchema:
        words = type_words(tool_set.server_name for tool_set in tool_sets)
        made = [self._types_of(tool_set, words[tool_set.server_name]) for tool_set in tool_sets]
        return typed_schema(made, self._shared)

    def _types_of(self, tool_set: ToolSet, word: str) -> ServerTypes:
        """The server's types, from the last time if it is still the same."""
        known_word, known = self._servers.get(tool_set.server_name, ("", None))
        if known is not None and known_word == word and known.tool_set == tool_set:
            return known
        types = server_types(tool_set, word, self._shared)
        self._servers[tool_set.server_name] = (word, types)
        self._servers.move_to_end(tool_set.server_name)
        while sum(len(t.tool_set.tools) for _, t in self._servers.values()) > MAX_KEPT_TOOLS:
            self._servers.popitem(last=False)
        return types
