"""The one error type that services raise, and every code it can carry."""

from collections.abc import Sequence
from math import ceil

from app.domain.word import Word


class ErrorCode(Word):
    """A machine-readable reason; doors map it to an HTTP status or a GraphQL type."""

    INVALID_INPUT = "INVALID_INPUT"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    ROUTE_NOT_FOUND = "ROUTE_NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    SERVER_NOT_FOUND = "SERVER_NOT_FOUND"
    TOOL_NOT_FOUND = "TOOL_NOT_FOUND"
    PACKAGE_NOT_FOUND = "PACKAGE_NOT_FOUND"
    VERSION_NOT_FOUND = "VERSION_NOT_FOUND"
    TOKEN_NOT_FOUND = "TOKEN_NOT_FOUND"
    CONFLICT = "CONFLICT"
    HELD_FOR_APPROVAL = "HELD_FOR_APPROVAL"
    OPERATION_CANCELLED = "OPERATION_CANCELLED"
    SERVER_DISABLED = "SERVER_DISABLED"
    INSTALL_FAILED = "INSTALL_FAILED"
    REGISTRY_UNAVAILABLE = "REGISTRY_UNAVAILABLE"
    SERVER_DID_NOT_START = "SERVER_DID_NOT_START"
    SERVER_FAILED = "SERVER_FAILED"
    TOOL_TIMEOUT = "TOOL_TIMEOUT"
    CALL_NOT_FOUND = "CALL_NOT_FOUND"
    CALL_CANCELLED = "CALL_CANCELLED"
    SESSION_LIMIT = "SESSION_LIMIT"
    RATE_LIMITED = "RATE_LIMITED"
    SECRET_MISSING = "SECRET_MISSING"
    SECRET_UNREADABLE = "SECRET_UNREADABLE"
    SECRET_KEY_MISSING = "SECRET_KEY_MISSING"
    SECRET_MOVED = "SECRET_MOVED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    OPERATION_TIMEOUT = "OPERATION_TIMEOUT"
    OPERATION_NOT_ALLOWED = "OPERATION_NOT_ALLOWED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    IDENTITY_PROVIDER_UNAVAILABLE = "IDENTITY_PROVIDER_UNAVAILABLE"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    INTERNAL = "INTERNAL"


class AppError(Exception):
    """An expected failure: what happened, which input caused it, and what to do about it.

    `path` names the offending input from the outside in, in the spelling of the APIs
    (`("arguments", "city")`); it is empty when no single input is to blame. After
    `retry_after_seconds` the same may go well.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        path: Sequence[str] = (),
        hint: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = tuple(path)
        self.hint = hint
        self.retry_after_seconds = retry_after_seconds

    def sentence(self) -> str:
        """The message and, where there is one, what to do about it, as one text."""
        return f"{self.message} {self.hint}" if self.hint else self.message


class NotSent(AppError):
    """A SERVER_FAILED of which it is certain that the server never got the request."""


def invalid(message: str, *path: str, hint: str | None = None) -> AppError:
    """An INVALID_INPUT error about the input at `path`."""
    return AppError(ErrorCode.INVALID_INPUT, message, path=path, hint=hint)


def too_many(message: str, *, retry_after_seconds: float) -> AppError:
    """A RATE_LIMITED error; nothing was begun."""
    return AppError(
        ErrorCode.RATE_LIMITED,
        message,
        hint=f"Try again in {max(1, ceil(retry_after_seconds))} s.",
        retry_after_seconds=retry_after_seconds,
    )
