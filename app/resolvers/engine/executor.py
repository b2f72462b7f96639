"""An executor with a short way for plain leaf fields; all else is graphql-core's own.

It overrides internal methods of graphql-core 3.3, which is pinned for that reason; a test runs
the same operations through the stock executor and compares.
"""

import functools
import math
import weakref
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path, Undefined, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers

Short = Callable[[Any], Any]
Step = tuple[str, FieldDetailsList, Short | None]

# What a short way answers when the long one has to be gone.
LONG = object()
_SHORTEST_INT, _LONGEST_INT = -(2**31), 2**31 - 1
# Values that are surely neither awaitable, callable nor an error.
_PLAIN = (str, int, float, bool, dict, list, tuple, datetime, Enum)

# Where a field keeps its short way.
_SHORT_WAY = "mcp-api-short-way"


class QuickExecutor(Executor[None]):
    """Reads attributes of plain leaf types without the ceremony that resolvers need."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, tuple[GroupedFieldSet, list[Step]]] = {}
        # Those of graphql-core hold methods of the executor: all of a request would then be in a
        # circle, and wait for a garbage collection.
        self.async_helpers = GraphQLResolveInfoHelpers(
            gather=lambda values: gather_with_cancel(*values),
            track=functools.partial(_track, weakref.ref(self)),
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of one object, in order; those that are plain are read at once."""
        results: dict[str, Any] = {}
        waiting: list[str] = []
        type_name = parent_type.name
        try:
            for name, details, short in self._plan(parent_type, grouped_field_set):
                value = LONG if short is None else short(source_value)
                if value is LONG:
                    value = self.execute_field(
                        parent_type,
                        source_value,
                        details,
                        Path(path, name, type_name),
                        position_context,
                    )
                    if value is Undefined:
                        continue
                    if self.is_awaitable(value):
                        waiting.append(name)
                results[name] = value
        except Exception:
            if waiting:
                self.settle_in_background([results[name] for name in waiting])
            raise
        return _gather(results, waiting) if waiting else results

    def complete_iterable_value(  # noqa: PLR0917 - as graphql-core calls it
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: None,
    ) -> AwaitableOrValue[list[Any]]:
        """The items of a list; objects of which only plain fields are asked are read at once."""
        if isinstance(items, list) and is_non_null_type(item_type):
            kind = item_type.of_type
            if is_object_type(kind):
                fields = self.collect_subfields(kind, field_details_list)[0]
                found = _read_all(kind, self._plan(kind, fields), items, info)
                if found is not None:
                    return found
        return super().complete_iterable_value(
            item_type, field_details_list, info, path, items, position_context
        )

    def _plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> list[Step]:
        """The fields with their short ways; made once for all objects of a list."""
        known = self._plans.get(id(fields))
        if known is not None:
            return known[1]
        plan: list[Step] = []
        for response_name, details in fields.items():
            name = details[0].node.name.value
            field = self.schema.get_field(parent_type, name)
            plan.append((response_name, details, self._short_way(parent_type, name, field)))
        self._plans[id(fields)] = (fields, plan)  # kept, so that its id stays its own
        return plan

    def _short_way(
        self, parent_type: GraphQLObjectType, name: str, field: GraphQLField | None
    ) -> Short | None:
        if name == "__typename":
            type_name = parent_type.name
            return lambda _source: type_name
        if field is None:
            return None
        if _SHORT_WAY not in field.extensions:
            field.extensions[_SHORT_WAY] = _make_short_way(field)
        short: Short | None = field.extensions[_SHORT_WAY]
        return short


def _track(executor: "weakref.ref[QuickExecutor]", values: Sequence[Any]) -> None:
    if (alive := executor()) is not None:
        alive.track_async_work(values)


def _read_all(
    kind: GraphQLObjectType, plan: list[Step], items: list[Any], info: GraphQLResolveInfo[Any]
) -> list[Any] | None:
    """All objects of a list; None if one of them has to go the long way."""
    ways = [(name, short) for name, _, short in plan if short is not None]
    if len(ways) < len(plan):
        return None
    is_type_of = kind.is_type_of
    found: list[Any] = []
    for item in items:
        if item is None or (is_type_of is not None and is_type_of(item, info) is not True):
            return None
        values = {name: short(item) for name, short in ways}
        if any(value is LONG for value in values.values()):
            return None
        found.append(values)
    return found


async def _gather(results: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    if len(waiting) == 1:
        (name,) = waiting
        results[name] = await results[name]
    else:
        values = await gather_with_cancel(*(results[name] for name in waiting))
        results.update(zip(waiting, values, strict=True))
    return results


def _make_short_way(field: GraphQLField) -> Short | None:
    """The short way of a field that Strawberry reads from an attribute; None for any other."""
    definition = field.extensions.get("strawberry-definition")
    is_plain = getattr(field.resolve, "_is_default", False) and not field.args
    if not is_plain or definition is None or not definition.is_basic_field:
        return None
    if definition.default_resolver is not getattr or definition.extensions:
        return None
    is_nullable = not is_non_null_type(field.type)
    complete = _completion(get_nullable_type(field.type))
    return None if complete is None else _reader(definition.python_name, complete, is_nullable)


def _reader(attribute: str, complete: Short, is_nullable: bool) -> Short:  # noqa: FBT001 - its only kind
    def read(source: Any) -> Any:
        try:
            value = getattr(source, attribute)
            if value is None:
                return None if is_nullable else LONG
            return complete(value)
        except Exception:  # noqa: BLE001 - the long way meets it again, and reports it
            return LONG

    return read


def _completion(kind: Any) -> Short | None:
    """How a value of the type becomes part of the answer, if that is simple."""
    if is_list_type(kind):
        item = kind.of_type
        is_texts = is_non_null_type(item) and item.of_type is GraphQLString
        return _complete_texts if is_texts else None
    if kind in (GraphQLString, GraphQLID):
        return _complete_text
    if kind is GraphQLBoolean:
        return lambda value: value if type(value) is bool else LONG
    if kind is GraphQLInt:
        return _complete_int
    if kind is GraphQLFloat:
        return lambda value: value if type(value) is float and math.isfinite(value) else LONG
    if is_leaf_type(kind):
        return _other_leaf(kind)
    return None


def _complete_text(value: Any) -> Any:
    return value if type(value) is str else LONG


def _complete_texts(value: Any) -> Any:
    is_plain = type(value) is list and all(type(item) is str for item in value)
    return [*value] if is_plain else LONG


def _complete_int(value: Any) -> Any:
    is_int = type(value) is int and _SHORTEST_INT <= value <= _LONGEST_INT
    return value if is_int else LONG


def _other_leaf(kind: Any) -> Short:
    coerce = kind.coerce_output_value
    is_enum = isinstance(kind, GraphQLEnumType)
    names: dict[Any, Any] = {}

    def complete(value: Any) -> Any:
        if is_enum and isinstance(value, Enum):
            name = names.get(value)
            if name is None:
                name = names[value] = coerce(value)
            return name
        if not isinstance(value, _PLAIN):
            return LONG
        coerced = coerce(value)
        return LONG if coerced is None or coerced is Undefined else coerced

    return complete
