"""The engine of a typed schema: what reads the schema itself is done in a thread, and once."""

import asyncio
import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from graphql import ExecutionResult, FieldNode, Visitor, visit

from app.resolvers.engine.documents import Operation
from app.resolvers.engine.engine import Engine, Variables
from app.resolvers.engine.limits import refusal

SCHEMA_FIELD = "__schema"
MAX_KEPT = 4


class TypedEngine(Engine):
    """Queries only read the schema, which may have thousands of types and does not change.

    The usual introspection of a thousand tools takes seconds, so nobody else waits for it, and
    answers are kept. Calls of tools are mutations, and run as everywhere.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: OrderedDict[tuple[int, str | None], tuple[object, ExecutionResult]]
        self._kept = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    def _start(
        self, operation: Operation, variables: Variables, context: object, root: object
    ) -> Any:
        """The result of an operation, or what it can be awaited from."""
        start = super()._start
        if operation.kind != "query":
            return start(operation, variables, context, root)
        look = functools.partial(start, operation, variables, context, root)
        return self._look(operation, look, is_kept=not variables)

    async def _look(
        self, operation: Operation, look: Callable[[], ExecutionResult], *, is_kept: bool
    ) -> ExecutionResult:
        async with self._one_at_a_time:
            key = (id(operation.document), operation.name)
            kept = self._kept.get(key)
            if kept is not None:
                return kept[1]
            if _times_schema(operation.document) > 1:
                why = refusal(f"{SCHEMA_FIELD} can be asked for once in a request.")
                return ExecutionResult(None, [why])
            result = await asyncio.to_thread(look)
            if is_kept:
                self._keep(key, operation.document, result)
            return result

    def _keep(self, key: tuple[int, str | None], document: object, result: ExecutionResult) -> None:
        self._kept[key] = (document, result)  # the document too, so that its id stays its own
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)


class _SchemaFields(Visitor):
    """The names under which a document asks for the schema."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Take note of it."""
        if node.name.value == SCHEMA_FIELD:
            self.names.add(node.name.value if node.alias is None else node.alias.value)


def _times_schema(document: Any) -> int:
    found = _SchemaFields()
    visit(document, found)
    return len(found.names)
