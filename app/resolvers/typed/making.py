"""Making typed schemas: in a thread, one at a time, each set of tools once."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from graphql import GraphQLSchema, print_schema
from starlette.types import ASGIApp

from app.domain.typed.names import type_words
from app.resolvers.typed.schema import typed_schema
from app.resolvers.typed.server_types import ServerTypes, server_types
from app.resolvers.typed.shared import Shared
from app.services.operations import Operations
from app.services.tool_sets import ToolSet

log = logging.getLogger(__name__)

# What is kept of schemas: of their tools together, some 20 KiB each; and each keeps documents.
MAX_KEPT_TOOLS = 10_000
MAX_KEPT_SCHEMAS = 16
# After a schema is made the next one waits for as long as that took, up to this: a server whose
# tools change all the time gets half of a thread, not all of it.
LONGEST_REST_SECONDS = 1.0

ToolSets = tuple[ToolSet, ...]


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


class Makings:
    """The schemas made lately; of a change only the changed servers' types are made anew."""

    def __init__(
        self, operations: Operations, shared: Shared, make_view: Callable[[GraphQLSchema], ASGIApp]
    ) -> None:
        self._operations = operations
        self._shared = shared
        self._make_view = make_view
        self._kept: OrderedDict[bytes, _Making] = OrderedDict()
        self._servers: OrderedDict[str, tuple[str, ServerTypes]] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._rests_until = 0.0

    def find(self, digest: bytes) -> Typed | None:
        """A schema that was made before, and is still kept."""
        making = self._kept.get(digest)
        if making is None or not making.task.done():
            return None
        self._kept.move_to_end(digest)
        return making.task.result()

    async def get(self, tool_sets: ToolSets) -> tuple[bytes, Typed]:
        """The schema of these tools, and what to find it by later."""
        digest = sha256(b"".join(s.server_name.encode() + s.stamp for s in tool_sets)).digest()
        making = self._kept.get(digest)
        if making is None:
            task = self._operations.start(self._make(tool_sets), "typed schema")
            making = self._kept[digest] = _Making(task, sum(len(s.tools) for s in tool_sets))
            task.add_done_callback(lambda done: self._forget_failed(digest, done))
            self._trim()
        return digest, await asyncio.shield(making.task)

    def _forget_failed(self, digest: bytes, task: asyncio.Task[Typed]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._kept.pop(digest, None)

    def _trim(self) -> None:
        while len(self._kept) > MAX_KEPT_SCHEMAS or (
            len(self._kept) > 1 and sum(m.tools for m in self._kept.values()) > MAX_KEPT_TOOLS
        ):
            self._kept.popitem(last=False)

    async def _make(self, tool_sets: ToolSets) -> Typed:
        now = asyncio.get_running_loop().time
        async with self._one_at_a_time:
            await asyncio.sleep(max(0.0, self._rests_until - now()))
            began_at = now()
            schema = await asyncio.to_thread(self._build, tool_sets)
            took = now() - began_at
            self._rests_until = now() + min(took, LONGEST_REST_SECONDS)
        log.info("The typed schema of %d servers was made in %.2f s.", len(tool_sets), took)
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
