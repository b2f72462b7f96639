"""An executor with a short way for plain leaf fields; all else is graphql-core's own.

It overrides internal methods of graphql-core 3.3, which is pinned for that reason; a test runs
the same operations through the stock executor and compares.
"""

import functools
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import DeferUsage, FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path, Undefined, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers

from app.resolvers.engine.short_way import LONG, Short, short_way_of

Step = tuple[str, FieldDetailsList, Short | None]


class Memo:
    """What is the same each time a document is run: which fields are asked for, and their ways.

    Only for a document without directives: those choose fields by variables.
    """

    def __init__(self) -> None:
        self.roots: dict[int, GroupedFieldSet] = {}
        self.sub_fields: dict[Any, Any] = {}
        self.plans: dict[int, tuple[GroupedFieldSet, list[Step]]] = {}


class QuickExecutor(Executor[None]):
    """Reads attributes of plain leaf types without the ceremony that resolvers need."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._memo: Memo | None = None
        self._plans: dict[int, tuple[GroupedFieldSet, list[Step]]] = {}
        # Those of graphql-core hold methods of the executor: all of a request would then be in a
        # circle, and wait for a garbage collection.
        self.async_helpers = GraphQLResolveInfoHelpers(
            gather=lambda values: gather_with_cancel(*values),
            track=functools.partial(_track, weakref.ref(self)),
        )

    def remember(self, memo: Memo) -> None:
        """Use what earlier runs of the same document have found out."""
        self._memo, self._plans, self._relevant_sub_fields = memo, memo.plans, memo.sub_fields

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,  # noqa: FBT001 - as graphql-core calls it
        new_defer_usages: Sequence[DeferUsage],
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of the operation itself; a single one needs no order."""
        if self._memo is not None:
            fields = self._memo.roots.setdefault(id(self.operation), grouped_field_set)
            grouped_field_set = fields
        return super().execute_collected_root_fields(
            root_type,
            root_value,
            grouped_field_set,
            serially and len(grouped_field_set) > 1,
            new_defer_usages,
        )

    async def complete_awaitable_value(  # noqa: PLR0917 - as graphql-core calls it
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """What a resolver's work comes to; there are no abort signals to look after here."""
        try:
            completed = self.complete_value(
                return_type, field_details_list, info, path, await result, position_context
            )
            if self.is_awaitable(completed):
                completed = await completed
        except Exception as raw_error:  # noqa: BLE001 - it is told where the field is
            self.handle_field_error(raw_error, return_type, field_details_list, path)
            return None
        return completed

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
        return short_way_of(field)


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
