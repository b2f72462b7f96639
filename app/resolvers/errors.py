"""What clients are told when an operation fails: expected failures whole, surprises masked."""

import logging
import re
from collections.abc import Iterator
from typing import Protocol, runtime_checkable
from uuid import uuid4

from graphql import (
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)
from strawberry.extensions import SchemaExtension
from strawberry.types import StreamExecutionResult

from app.domain.errors import AppError, ErrorCode
from app.domain.redaction import mask_text
from app.resolvers.request_secrets import secrets_in_request

log = logging.getLogger(__name__)

# How graphql-core 3.3 quotes what it refuses, in the messages of its parser, its validation
# rules and its scalars.
QUOTED = (
    # Strawberry's words for a null where a field may only be left out; the name is the schema's.
    (
        re.compile(r"Expected value of type '.*', found null\. \w+ '(\w+)' of type .*", re.DOTALL),
        r"\1 must not be null; leave it out to keep what is there.",
    ),
    (
        re.compile(r"Expected value of type '.*', found null\. Field of type .*", re.DOTALL),
        "A field must not be null; leave it out to keep what is there.",
    ),
    (re.compile(r"[,.]? found:? .*", re.DOTALL | re.IGNORECASE), "."),
    (re.compile(r"(?<!invalid) value: .*", re.DOTALL), " value."),
    (re.compile(r"Value '.*' does not exist", re.DOTALL), "The value does not exist"),
    (re.compile(r"Unexpected (\w+) .*", re.DOTALL), r"Unexpected \1."),
)


@runtime_checkable
class _HasErrors(Protocol):
    errors: list[GraphQLError] | None


class PresentErrors(SchemaExtension):
    """Gives every error a code; logs a surprise once and hides it behind a reference."""

    def on_validate(self) -> Iterator[None]:
        """Refuse what the stock executor would run or hang on by mistake."""
        yield
        document = self.execution_context.graphql_document
        if document is None or self.execution_context.pre_execution_errors:
            return
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        # Not `operation_name`: that is the first operation's when the client has named none.
        given = self.execution_context._provided_operation_name  # noqa: SLF001 - see above
        if len(operations) > 1 and not given:
            raise _refusal("operationName must say which of the operations to run.")
        is_streaming = self.execution_context.context.is_streaming
        chosen = _chosen(operations, given)
        if chosen.operation is OperationType.SUBSCRIPTION and not is_streaming:
            raise _refusal(
                "A subscription needs a stream: use a WebSocket (graphql-transport-ws), "
                "or POST with the header Accept: text/event-stream."
            )

    def on_operation(self) -> Iterator[None]:
        """Present the errors of a query or mutation."""
        yield
        self._present(self.execution_context.result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        """Present the errors of one event of a subscription."""
        self._present(result)
        yield

    def _present(self, result: object) -> None:
        if isinstance(result, _HasErrors) and result.errors:
            secrets = self._secrets()
            result.errors = [present(error, secrets) for error in result.errors]

    def _secrets(self) -> tuple[str, ...]:
        """Secret values in the request: the executor quotes inputs it refuses."""
        context = self.execution_context
        return secrets_in_request(context.graphql_document, context.variables or {})


def present(error: GraphQLError, secrets: tuple[str, ...] = ()) -> GraphQLError:
    """The error as a client may see it: `extensions` has code, path and hint."""
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    if isinstance(original, AppError):
        return _with(error, original)
    if error.extensions and "code" in error.extensions:
        return error
    if original is None or (error.path is None and error.nodes):
        message = mask_text(_without_quotes(error.message), secrets)
        return _with(error, AppError(ErrorCode.INVALID_INPUT, message))
    reference = uuid4().hex[:12]
    log.error("Surprise %s at %s", reference, error.path, exc_info=original)
    hint = f"The log of this server has the details under the reference {reference}."
    message = "Something went wrong inside this server."
    return _with(error, AppError(ErrorCode.INTERNAL, message, hint=hint))


def _without_quotes(message: str) -> str:
    """The executor's message without the input it quotes, which may hold a secret anywhere."""
    for pattern, replacement in QUOTED:
        message = pattern.sub(replacement, message)
    return message


def _refusal(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.INVALID_INPUT.value})


def _with(error: GraphQLError, app_error: AppError) -> GraphQLError:
    extensions: dict[str, object] = {"code": app_error.code.value}
    if app_error.path:
        extensions["path"] = [*app_error.path]
    if app_error.hint is not None:
        extensions["hint"] = app_error.hint
    if app_error.retry_after_seconds is not None:
        extensions["retryAfterSeconds"] = app_error.retry_after_seconds
    return GraphQLError(
        app_error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _chosen(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    named = (o for o in operations if o.name is not None and o.name.value == name)
    return next(named, operations[0])
