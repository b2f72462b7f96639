"""Resolving and completing fields, without the ceremony that graphql-core has for all cases."""

from collections.abc import Awaitable, Iterable
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.values import get_argument_values
from graphql.pyutils import AwaitableOrValue, Path, Undefined, gather_with_cancel
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from app.resolvers.engine.memo import Fields, Resolving, Step
from app.resolvers.engine.object_types import object_types_of
from app.resolvers.engine.short_way import LONG


class FieldExecutor(Executor[None]):
    """Reads plain leaf fields at once, and takes the ways that are known for all others.

    There are neither hooks, abort signals and middleware nor @defer and @stream.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fields = Fields()
        self._object_types = object_types_of(self.schema)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: None,
    ) -> Any:
        """What one field comes to, or what that can be awaited from."""
        found = self._fields.resolvings.get(id(field_details_list))
        if found is None:
            found = self._fields.make_resolving(self.schema, parent_type, field_details_list)
        if found is None:
            return Undefined
        info = self.build_resolve_info(found.field, found.nodes, parent_type, path)
        kind = found.field.type
        rest = field_details_list, info, path
        try:
            resolve = found.field.resolve or self.field_resolver
            result = resolve(source, info, **self._arguments(found))
            if self.is_awaitable(result):
                return self.complete_awaitable_value(kind, *rest, result, position_context)
            completed = self.complete_value(kind, *rest, result, position_context)
            if self.is_awaitable(completed):
                return self._complete_later(completed, kind, field_details_list, path)
        except Exception as raw_error:  # noqa: BLE001 - it is told where the field is
            self.handle_field_error(raw_error, kind, field_details_list, path)
            return None
        return completed

    def _arguments(self, found: Resolving) -> dict[str, Any]:
        quick = found.arguments
        values = None if quick is None else quick.values(self.variable_values.coerced)
        if values is not None:
            return values
        return get_argument_values(
            found.field, found.nodes[0], self.variable_values, None, self.hide_suggestions
        )

    async def _complete_later(
        self,
        completed: Awaitable[Any],
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        path: Path,
    ) -> Any:
        try:
            return await completed
        except Exception as raw_error:  # noqa: BLE001 - it is told where the field is
            self.handle_field_error(raw_error, return_type, field_details_list, path)
            return None

    def complete_value(  # noqa: PLR0917 - as graphql-core calls it
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> AwaitableOrValue[Any]:
        """The value as part of the answer; what an object's class tells is told at once."""
        kind = self._object_types[return_type, type(result)]
        if kind is None or hasattr(result, TYPE_CAST_ATTRIBUTE):
            return super().complete_value(
                return_type, field_details_list, info, path, result, position_context
            )
        plan = self._plan_below(kind, field_details_list)
        return self._execute_plan(kind, result, path, plan)

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
        position_context: None,  # noqa: ARG002 - there is no @defer
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of one object."""
        plan = self._plan(parent_type, grouped_field_set)
        return self._execute_plan(parent_type, source_value, path, plan)

    def _execute_plan(
        self, kind: GraphQLObjectType, source: Any, path: Path | None, plan: list[Step]
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of one object, in order; those that are plain are read at once."""
        results: dict[str, Any] = {}
        waiting: list[str] = []
        type_name = kind.name
        try:
            for name, details, short in plan:
                value = LONG if short is None else short(source)
                if value is LONG:
                    here = Path(path, name, type_name)
                    value = self.execute_field(kind, source, details, here, None)
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
                plan = self._plan_below(kind, field_details_list)
                found = self._read_all(kind, plan, items)
                if found is not None:
                    return found
        return super().complete_iterable_value(
            item_type, field_details_list, info, path, items, position_context
        )

    def get_stream_usage(self, _field_details_list: FieldDetailsList, _path: Path) -> None:
        """None: no schema of ours has @stream."""
        return

    def _read_all(
        self, kind: GraphQLObjectType, plan: list[Step], items: list[Any]
    ) -> list[Any] | None:
        """All objects of a list; None if one of them has to go the long way."""
        ways = [(name, short) for name, _, short in plan if short is not None]
        if len(ways) < len(plan):
            return None
        found: list[Any] = []
        for item in items:
            if self._object_types[kind, type(item)] is None or hasattr(item, TYPE_CAST_ATTRIBUTE):
                return None
            values: dict[str, Any] = {}
            for name, short in ways:
                values[name] = value = short(item)
                if value is LONG:
                    return None
            found.append(values)
        return found

    def _plan_below(self, kind: GraphQLObjectType, details: FieldDetailsList) -> list[Step]:
        """The plan for objects of that type which a field comes to."""
        key = kind, id(details)
        known = self._fields.below.get(key)
        if known is None:
            known = self._plan(kind, self.collect_subfields(kind, details)[0])
            self._fields.below[key] = known
        return known

    def _plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> list[Step]:
        known = self._fields.plans.get(id(fields))
        if known is not None:
            return known[1]
        return self._fields.make_plan(self.schema, parent_type, fields)


async def _gather(results: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    if len(waiting) == 1:
        (name,) = waiting
        results[name] = await results[name]
    else:
        values = await gather_with_cancel(*(results[name] for name in waiting))
        results.update(zip(waiting, values, strict=True))
    return results
