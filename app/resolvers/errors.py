"""What clients are told when an operation fails: expected failures whole, surprises masked."""

import logging
import re
from collections.abc import Mapping, Sequence
from uuid import uuid4

from graphql import DocumentNode, GraphQLError

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


def present_all(
    errors: Sequence[GraphQLError],
    document: DocumentNode | None,
    variables: Mapping[str, object],
) -> list[GraphQLError]:
    """The errors as a client may see them, without secret values of the request.

    The executor quotes inputs it refuses.
    """
    secrets = secrets_in_request(document, variables)
    return [present(error, secrets) for error in errors]


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
