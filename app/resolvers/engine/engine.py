"""Running operations: checked, bounded in time, and with errors that clients may see."""

from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping
from contextlib import aclosing
from inspect import isawaitable
from typing import Any

from graphql import (
    ExecutionResult as CoreResult,
)
from graphql import (
    GraphQLError,
    GraphQLSchema,
    subscribe,
)
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.deadline import Deadline
from app.domain.errors import ErrorCode
from app.lookout import Lookout
from app.resolvers.engine.documents import Document, Documents, Operation, Refused
from app.resolvers.engine.executor import QuickExecutor
from app.resolvers.engine.limits import refusal
from app.resolvers.engine.options import EngineOptions
from app.resolvers.engine.persisted import PersistedOperations
from app.resolvers.errors import present_all

Variables = dict[str, Any]
# graphql-core's, or Strawberry's where nothing was executed.
Answer = CoreResult | PreExecutionError
# It answers as graphql-core's own does; only its annotation says less.
_is_awaitable: Any = optimized_is_awaitable


class Engine:
    """Runs operations of one graphql-core schema, as Strawberry's views ask for it."""

    def __init__(self, schema: GraphQLSchema, options: EngineOptions | None = None) -> None:
        self.options = options or EngineOptions()
        self._schema = schema
        self._documents = Documents(
            schema,
            self.options.limits,
            introspection=self.options.introspection,
            suggestions=self.options.suggestions,
        )
        self._lookout = Lookout()
        self._persisted = PersistedOperations(self.options.trusted)

    @property
    def schema(self) -> GraphQLSchema:
        """The schema that it runs operations of."""
        return self._schema

    def text_of(self, query: str | None, extensions: Mapping[str, object] | None) -> str | None:
        """The text to run: the query, or the persisted one that is asked for.

        Raises:
            Refused: There is none, or it is not trusted.
        """
        return self._persisted.text_of(query, extensions)

    def execute(
        self,
        query: str | None,
        *,
        variable_values: Variables | None = None,
        context_value: object = None,
        root_value: object = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: Mapping[str, object] | None = None,
    ) -> Awaitable[Answer]:
        """The answer to a query or mutation."""
        given = variable_values or {}
        try:
            operation = self._prepare(
                query, given, operation_name, allowed_operation_types, operation_extensions
            )
        except Refused as refused:
            return _refuse(refused, given)
        if operation.kind == "subscription":
            return _refuse(Refused(_needs_stream()), given)
        return self._execute(operation, given, context_value, root_value)

    async def stream(
        self,
        query: str | None,
        *,
        variable_values: Variables | None = None,
        context_value: object = None,
        root_value: object = None,
        operation_name: str | None = None,
        operation_extensions: Mapping[str, object] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """The answers to any operation: one for a query or mutation."""
        given = variable_values or {}

        async def answers() -> AsyncGenerator[ExecutionResult, None]:
            try:
                operation = self._prepare(
                    query, given, operation_name, allowed_operation_types, operation_extensions
                )
            except Refused as refused:
                yield await _refuse(refused, given)
                return
            if operation.kind != "subscription":
                yield _sent(await self._execute(operation, given, context_value, root_value))
                return
            events = self._subscribe(operation, given, context_value, root_value)
            async with aclosing(events):
                async for event in events:
                    yield event

        return answers()

    def _prepare(
        self,
        query: str | None,
        variables: Variables,
        operation_name: str | None,
        allowed: Iterable[OperationType] | None,
        extensions: Mapping[str, object] | None,
    ) -> Operation:
        """The operation to run.

        Raises:
            Refused: There is none, or it may not be run.
        """
        text = self._persisted.text_of(query, extensions)
        if not text:
            raise Refused(refusal("There is no GraphQL query in the request.", status=400))
        operation = _choose(self._documents.get(text), operation_name)
        kinds = None if allowed is None else {kind.value for kind in allowed}
        if kinds is not None and operation.kind not in kinds:
            raise Refused(
                refusal(
                    f"A {operation.kind} is not allowed by GET.",
                    hint="Send it by POST.",
                    status=405,
                )
            )
        self._documents.check_cost(operation, variables)
        return operation

    async def _execute(
        self, operation: Operation, variables: Variables, context: object, root: object
    ) -> CoreResult:
        kind = operation.kind
        limits = self.options.limits
        seconds = limits.query_seconds if kind == "query" else limits.mutation_seconds
        deadline = None
        try:
            result = self._start(operation, variables, context, root)
            if type(result) is not CoreResult:
                with Deadline(self._lookout) as deadline:
                    deadline.allow(seconds)
                    result = await result
        except Exception as error:  # noqa: BLE001 - whatever it is, it is presented
            has_passed = deadline is not None and deadline.has_ended
            is_late = has_passed and isinstance(error, TimeoutError)
            shown = _took_too_long(kind, seconds) if is_late else _located(error)
            result = CoreResult(None, [shown])
        return _shown(operation, variables, result)

    def _start(
        self, operation: Operation, variables: Variables, context: object, root: object
    ) -> Any:
        """The result of an operation, or what it can be awaited from."""
        executor = QuickExecutor.again(operation.memo, variables, context, root)
        if executor is None:
            return self._start_first(operation, variables, context, root)
        return executor.execute_operation()

    def _start_first(
        self, operation: Operation, variables: Variables, context: object, root: object
    ) -> Any:
        """The same, of an operation whose values have to be looked at closely."""
        executor = self.options.executor.build(
            self._schema,
            operation.document,
            root,
            context,
            variables,
            operation.name,
            is_awaitable=_is_awaitable,
            hide_suggestions=not self.options.suggestions,
        )
        if isinstance(executor, list):
            return CoreResult(None, executor)
        if isinstance(executor, QuickExecutor):
            executor.remember(operation.memo)
        return executor.execute_operation()

    async def _subscribe(
        self, operation: Operation, variables: Variables, context: object, root: object
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            found: Any = subscribe(
                self._schema,
                operation.document,
                root,
                context,
                variables,
                operation.name,
                executor_class=self.options.executor,
                hide_suggestions=not self.options.suggestions,
            )
            events = await found if isawaitable(found) else found
            if isinstance(events, CoreResult):
                result = _shown(operation, variables, events)
                yield PreExecutionError(data=None, errors=result.errors)
                return
            async with aclosing(events):
                async for event in events:
                    yield _sent(_shown(operation, variables, event))
        except Exception as error:  # noqa: BLE001 - graphql-core leaves the source's errors to us
            yield _sent(_shown(operation, variables, CoreResult(None, [_located(error)])))


def _choose(document: Document, name: str | None) -> Operation:
    operations = document.operations
    if not operations:
        raise Refused(refusal("The document has no operation.", status=400))
    if not name:
        if len(operations) > 1:
            raise Refused(
                refusal("operationName must say which of the operations to run.", status=400)
            )
        return operations[0]
    for operation in operations:
        if operation.name == name:
            return operation
    raise Refused(refusal("There is no operation of the name in operationName.", status=400))


def _needs_stream() -> GraphQLError:
    return refusal(
        "A subscription needs a stream: use a WebSocket (graphql-transport-ws), "
        "or POST with the header Accept: text/event-stream."
    )


def _took_too_long(kind: str, seconds: float) -> GraphQLError:
    setting = "GRAPHQL_QUERY_SECONDS" if kind == "query" else "GRAPHQL_MUTATION_SECONDS"
    return GraphQLError(
        f"The {kind} took longer than {seconds:g} seconds and was ended.",
        extensions={
            "code": ErrorCode.OPERATION_TIMEOUT.value,
            "hint": f"Ask for less at once. The limit is set by {setting}.",
            "limit": seconds,
        },
    )


def _located(error: Exception) -> GraphQLError:
    if isinstance(error, GraphQLError):
        return error
    return GraphQLError(str(error), original_error=error)


async def _refuse(refused: Refused, variables: Variables) -> PreExecutionError:
    errors = present_all(refused.errors, refused.document, variables)
    return PreExecutionError(data=None, errors=errors)


def _shown(operation: Operation, variables: Variables, result: CoreResult) -> CoreResult:
    if not result.errors:
        return result
    return CoreResult(result.data, present_all(result.errors, operation.document, variables))


def _sent(result: CoreResult) -> ExecutionResult:
    """The same as Strawberry's WebSockets know it."""
    return ExecutionResult(data=result.data, errors=result.errors or None)
