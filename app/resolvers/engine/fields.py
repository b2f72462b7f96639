"""Resolving and completing fields, without the ceremony that graphql-core has for all cases."""

from collections.abc import Awaitable, Iterable
from types import CoroutineType
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
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from app.resolvers.engine.memo import Fields, Plan, Resolving
from app.resolvers.engine.object_types import object_types_of
from app.resolvers.engine.resolve_info import QuickInfo
from app.resolvers.engine.short_way import LONG


class FieldExecutor(Executor[None]):
    """Reads plain leaf fields at once, and takes the ways that are known for all others.

    There are neither hooks, abort signals and middleware nor @defer and @stream.
    """

    # It answers as graphql-core's own does; only its annotation says less.
    is_awaitable: Any = staticmethod(optimized_is_awaitable)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fields = Fields()
        self._object_types = object_types_of(self.schema)
        self._coerced = self.variable_values.coerced

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: None,  # noqa: ARG002 - there is no @defer
    ) -> Any:
        """What one field comes to, or what that can be awaited from."""
        found = self._fields.resolvings.get(id(field_details_list))
        if found is None:
            found = self._fields.make_resolving(self.schema, parent_type, field_details_list)
        return Undefined if found is None else self._resolve(found, source, path)

    def _resolve(self, found: Resolving, source: Any, path: Path) -> Any:
        """The same, of a field whose way is known."""
        field, details = found.field, found.details
        quick = found.arguments
        try:
            given = None if quick is None else quick.values(self._coerced)
            if given is None:
                given = get_argument_values(
                    field, found.nodes[0], self.variable_values, None, self.hide_suggestions
                )
            info: Any = QuickInfo(self, found, path)
            result = (field.resolve or self.field_resolver)(source, info, **given)
            if type(result) is CoroutineType or self.is_awaitable(result):
                return self.complete_awaitable_value(field.type, details, info, path, result, None)
            completed = self.complete_value(field.type, details, info, path, result, None)
            if type(completed) is not dict and self.is_awaitable(completed):
                return self._complete_later(completed, field.type, details, path)
        except Exception as raw_error:  # noqa: BLE001 - it is told where the field is
            self.handle_field_error(raw_error, field.type, details, path)
            return None
        return completed

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
        try:
            plan = self._fields.below[return_type, type(result), id(field_details_list)]
        except KeyError:
            plan = self._look_below(return_type, type(result), field_details_list)
        if plan is None or hasattr(result, TYPE_CAST_ATTRIBUTE):
            return super().complete_value(
                return_type, field_details_list, info, path, result, position_context
            )
        return self._execute_plan(result, path, plan)

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
            if type(completed) is not dict and self.is_awaitable(completed):
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
        return self._execute_plan(source_value, path, self._plan(parent_type, grouped_field_set))

    def _execute_plan(
        self, source: Any, path: Path | None, plan: Plan
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of one object, in order; those that are plain are read at once."""
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for name, short, resolving in plan:
                value = LONG if short is None else short(source)
                if value is LONG:
                    here = resolving.path
                    if path is not None:
                        here = Path(path, name, resolving.parent_type.name)
                    value = self._resolve(resolving, source, here)
                    if type(value) is CoroutineType or self.is_awaitable(value):
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
                found = self._read_all(kind, field_details_list, items)
                if found is not None:
                    return found
        return super().complete_iterable_value(
            item_type, field_details_list, info, path, items, position_context
        )

    def get_stream_usage(self, _field_details_list: FieldDetailsList, _path: Path) -> None:
        """None: no schema of ours has @stream."""
        return

    def _read_all(
        self, kind: GraphQLObjectType, details: FieldDetailsList, items: list[Any]
    ) -> list[Any] | None:
        """All objects of a list; None if one of them has to go the long way."""
        found: list[Any] = []
        below = self._fields.below
        for item in items:
            plan = below.get((kind, type(item), id(details)))
            if plan is None:
                plan = self._look_below(kind, type(item), details)
            if plan is None or hasattr(item, TYPE_CAST_ATTRIBUTE):
                return None
            values: dict[str, Any] = {}
            for name, short, _ in plan:
                values[name] = value = LONG if short is None else short(item)
                if value is LONG:
                    return None
            found.append(values)
        return found

    def _look_below(
        self, declared: GraphQLOutputType, kind: type, details: FieldDetailsList
    ) -> Plan | None:
        """What to do with values of that class; None if each has to be looked at."""
        object_type = self._object_types[declared, kind]
        plan = None
        if object_type is not None:
            plan = self._plan(object_type, self.collect_subfields(object_type, details)[0])
        self._fields.below[declared, kind, id(details)] = plan
        return plan

    def _plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> Plan:
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
