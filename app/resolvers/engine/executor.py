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
from app.resolvers.engine.memo import Fields, Memo
from app.resolvers.engine.quick_values import QuickVariables

# What is the same for all runs of one operation; all else begins anew.
_OF_ALL_RUNS = (
    "schema", "fragment_definitions", "fragments", "operation", "field_resolver", "type_resolver",
    "subscribe_field_resolver", "enable_early_execution", "hide_suggestions", "abort_signal",
    "hooks", "middleware_manager", "error_propagation", "is_awaitable", "is_async_iterable",
    "async_work_finished_hook_task", "async_helpers", "_stream_usages", "_object_types",
)  # fmt: skip


def _gather_all(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    return gather_with_cancel(*values)


def _track(_values: Sequence[Any]) -> None:
    raise NotImplementedError("no resolver leaves work behind that it does not wait for")


# Those of graphql-core hold methods of the executor: all of a request would then be in a circle,
# and wait for a garbage collection.
_HELPERS = GraphQLResolveInfoHelpers(gather=_gather_all, track=_track)


class QuickExecutor(FieldExecutor):
    """Begins where the last run of the same operation has found out what there is to do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.async_helpers = _HELPERS
        self.begin(None)

    @classmethod
    def again(
        cls, memo: Memo, given: Mapping[str, object], context: object, root: object
    ) -> Self | None:
        """An executor of an operation that was run before.

        None if it was not, or if its variables are such that `build` has to look at them.
        """
        if memo.state is None:
            return None
        if memo.variables is None:
            memo.variables = QuickVariables(memo.state["schema"], memo.state["operation"])
        values = memo.variables.values(given)
        if values is None:
            return None
        executor = cls.__new__(cls)
        vars(executor).update(memo.state)
        executor.variable_values = values
        executor.context_value = context
        executor.root_value = root
        executor.begin(memo.fields)
        return executor

    def remember(self, memo: Memo) -> None:
        """Let later runs of the operation use what this one finds out."""
        self.begin(memo.fields)
        memo.state = {name: getattr(self, name) for name in _OF_ALL_RUNS}

    def begin(self, fields: Fields | None) -> None:
        """Have what no two runs may share, and what is known of the fields that are asked for."""
        self._fields = Fields() if fields is None else fields
        self._relevant_sub_fields = self._fields.sub_fields
        self.collected_errors = CollectedErrors()
        self.pending_incremental_futures = set()
        self.background_futures = set()

    def execute_operation(
        self,
        serially: bool | None = None,  # noqa: FBT001 - as graphql-core calls it
    ) -> AwaitableOrValue[Any]:
        """The answer; an operation that was run before need not be looked through again."""
        known = self._fields.root
        if known is None:
            return super().execute_operation(serially)
        if serially is None:
            serially = self.operation.operation is OperationType.MUTATION
        try:
            data = self.execute_collected_root_fields(
                known[0], self.root_value, known[1], serially, ()
            )
        except GraphQLError as error:
            return self._failed(error)
        return self._answer(data) if isinstance(data, dict) else self._answer_later(data)

    async def _answer_later(self, data: Awaitable[dict[str, Any]]) -> ExecutionResult:
        try:
            return self._answer(await data)
        except GraphQLError as error:
            return self._failed(error)

    def _answer(self, data: dict[str, Any] | None) -> ExecutionResult:
        return ExecutionResult(data, self.collected_errors.errors or None)

    def _failed(self, error: GraphQLError) -> ExecutionResult:
        self.collected_errors.add(error, None)
        return self._answer(None)

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,  # noqa: FBT001 - as graphql-core calls it
        new_defer_usages: Sequence[DeferUsage],  # noqa: ARG002 - there is no @defer
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of the operation itself; a single one needs no order."""
        if self._fields.root is None:
            self._fields.root = root_type, grouped_field_set
        run = self.execute_fields
        if serially and len(grouped_field_set) > 1:
            run = self.execute_fields_serially
        return run(root_type, root_value, None, grouped_field_set, None)
