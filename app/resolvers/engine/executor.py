"""An executor that keeps what it finds out about an operation, for the next time it is run.

It overrides internal methods of graphql-core 3.3, which is pinned for that reason; a test runs
the same operations through the stock executor and compares.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Self

from graphql import ExecutionResult, GraphQLError, GraphQLObjectType, OperationType
from graphql.execution.collect_fields import DeferUsage, GroupedFieldSet
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import AwaitableOrValue, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers

from app.resolvers.engine.fields import FieldExecutor
from app.resolvers.engine.memo import Fields, Memo, Start
from app.resolvers.engine.quick_values import QuickVariables


def _gather_all(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    return gather_with_cancel(*values)


def _track(_values: Sequence[Any]) -> None:
    raise NotImplementedError("no resolver leaves work behind that it does not wait for")


# Those of graphql-core hold methods of the executor: all of a request would then be in a circle,
# and wait for a garbage collection.
_HELPERS = GraphQLResolveInfoHelpers(gather=_gather_all, track=_track)

# What is the same for all runs of one operation; all else begins anew.
_OF_ALL_RUNS = (
    "schema", "fragment_definitions", "fragments", "operation", "field_resolver", "type_resolver",
    "subscribe_field_resolver", "enable_early_execution", "hide_suggestions", "abort_signal",
    "hooks", "middleware_manager", "error_propagation", "async_work_finished_hook_task",
    "async_helpers", "_stream_usages", "_object_types",
)  # fmt: skip


class QuickExecutor(FieldExecutor):
    """Begins where the last run of the same operation has found out what there is to do."""

    _start: Start | None = None
    _given: Mapping[str, object]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.async_helpers = _HELPERS
        self._know(Fields())

    @classmethod
    def again(
        cls, memo: Memo, given: Mapping[str, object], context: object, root: object
    ) -> Self | None:
        """An executor of an operation that was run before.

        None if it was not, or if its variables are such that `build` has to look at them.
        """
        start = memo.start
        coerced = None if start is None else start.variables.coerce(given)
        if coerced is None:
            return None
        executor = cls.__new__(cls)
        executor.__dict__ = {
            "_start": start,
            "_fields": Fields() if memo.fields is None else memo.fields,
            "_coerced": coerced,
            "_given": given,
            "context_value": context,
            "root_value": root,
        }
        return executor

    def __getattr__(self, name: str) -> Any:
        # What few runs ask for is not there before.
        start = self._start
        if start is None:
            raise AttributeError(name)
        if name in start.state:
            value = start.state[name]
        elif name == "variable_values":
            value = start.variables.with_sources(self._given, self._coerced)
        elif name == "_relevant_sub_fields":
            value = self._fields.sub_fields
        elif name == "collected_errors":
            value = CollectedErrors()
        elif name in {"pending_incremental_futures", "background_futures"}:
            value = set()
        else:
            raise AttributeError(name)
        setattr(self, name, value)
        return value

    def remember(self, memo: Memo) -> None:
        """Let later runs of the operation use what this one finds out."""
        if memo.fields is not None:
            self._know(memo.fields)
        if memo.start is None:
            state = {name: getattr(self, name) for name in _OF_ALL_RUNS}
            memo.start = Start(QuickVariables(self.schema, self.operation), state)

    def _know(self, fields: Fields) -> None:
        self._fields = fields
        self._relevant_sub_fields = fields.sub_fields

    def execute_operation(
        self,
        serially: bool | None = None,  # noqa: FBT001 - as graphql-core calls it
    ) -> AwaitableOrValue[Any]:
        """The answer; an operation that was run before need not be looked through again."""
        known = self._fields.root
        if known is None:
            return super().execute_operation(serially)
        root_type, fields, plan = known
        data: Any
        try:
            if len(plan) < 2 or not self._is_serial(serially):
                data = self._execute_plan(self.root_value, None, plan)
            else:
                data = self.execute_fields_serially(root_type, self.root_value, None, fields, None)
        except GraphQLError as error:
            return self._failed(error)
        return self._answer(data) if type(data) is dict else self._answer_later(data)

    def _is_serial(self, asked: bool | None) -> bool:  # noqa: FBT001 - see above
        return self.operation.operation is OperationType.MUTATION if asked is None else asked

    async def _answer_later(self, data: Awaitable[dict[str, Any]]) -> ExecutionResult:
        try:
            return self._answer(await data)
        except GraphQLError as error:
            return self._failed(error)

    def _answer(self, data: dict[str, Any] | None) -> ExecutionResult:
        errors = self.collected_errors.errors if "collected_errors" in self.__dict__ else None
        return ExecutionResult(data, errors or None)

    def _failed(self, error: GraphQLError) -> ExecutionResult:
        self.collected_errors.add(error, None)
        return self._answer(None)

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,  # noqa: FBT001 - as graphql-core calls it
        new_defer_usages: Sequence[DeferUsage],
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of the operation itself, which are known from now on."""
        plan = self._plan(root_type, grouped_field_set)
        self._fields.root = root_type, grouped_field_set, plan
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )
