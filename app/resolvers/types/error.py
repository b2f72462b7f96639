"""Expected failures as GraphQL types."""

import strawberry

from app.domain.errors import AppError, ErrorCode
from app.resolvers.enums import describe_enum
from app.resolvers.types.error_meanings import ERROR_MEANINGS

describe_enum(ErrorCode, "ErrorCode", "A machine-readable reason for a failure.", ERROR_MEANINGS)


@strawberry.interface(name="Error", description="An expected failure of a mutation.")
class ErrorInterface:
    """What every error tells."""

    code: ErrorCode = strawberry.field(description="The machine-readable reason.")
    message: str = strawberry.field(description="What happened, for people.")
    path: list[str] = strawberry.field(
        description="The input that is to blame, from the outside in; empty when none is."
    )
    hint: str | None = strawberry.field(description="What to do about it.")


@strawberry.type(description="An input does not follow the rules; nothing was changed.")
class InvalidInputError(ErrorInterface):
    """INVALID_INPUT and its like."""


@strawberry.type(description="The caller may not do this; nothing was changed.")
class ForbiddenError(ErrorInterface):
    """FORBIDDEN."""


@strawberry.type(
    description="A server, tool, package, version, token or call of that name does not exist."
)
class NotFoundError(ErrorInterface):
    """Every *_NOT_FOUND."""


@strawberry.type(description="The state of things does not allow this right now.")
class ConflictError(ErrorInterface):
    """CONFLICT, SERVER_DISABLED, HELD_FOR_APPROVAL, *_CANCELLED and the SECRET_* codes."""


@strawberry.type(description="A package could not be fetched or installed; nothing is left of it.")
class InstallError(ErrorInterface):
    """INSTALL_FAILED and REGISTRY_UNAVAILABLE."""


@strawberry.type(description="The MCP server did not start, ended, failed or was too slow.")
class ServerError(ErrorInterface):
    """SERVER_DID_NOT_START, SERVER_FAILED and TOOL_TIMEOUT."""


@strawberry.type(
    description="This service cannot do it right now, or not so much; try again in a moment."
)
class UnavailableError(ErrorInterface):
    """DATABASE_UNAVAILABLE, IDENTITY_PROVIDER_UNAVAILABLE, SESSION_LIMIT and their like."""

    retry_after_seconds: float | None = strawberry.field(
        default=None, description="How long to wait before that; null where it is not known."
    )


# Every code has a row; a test holds that. INTERNAL has None: a surprise is never data.
ERROR_TYPES: dict[ErrorCode, type[ErrorInterface] | None] = {
    ErrorCode.INVALID_INPUT: InvalidInputError,
    ErrorCode.PAYLOAD_TOO_LARGE: InvalidInputError,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: InvalidInputError,
    ErrorCode.ROUTE_NOT_FOUND: NotFoundError,
    ErrorCode.METHOD_NOT_ALLOWED: InvalidInputError,
    ErrorCode.REQUEST_TIMEOUT: InvalidInputError,
    ErrorCode.HOST_NOT_ALLOWED: ForbiddenError,
    ErrorCode.ORIGIN_NOT_ALLOWED: ForbiddenError,
    ErrorCode.UNAUTHENTICATED: ForbiddenError,
    ErrorCode.FORBIDDEN: ForbiddenError,
    ErrorCode.SERVER_NOT_FOUND: NotFoundError,
    ErrorCode.TOOL_NOT_FOUND: NotFoundError,
    ErrorCode.PACKAGE_NOT_FOUND: NotFoundError,
    ErrorCode.VERSION_NOT_FOUND: NotFoundError,
    ErrorCode.TOKEN_NOT_FOUND: NotFoundError,
    ErrorCode.CONFLICT: ConflictError,
    ErrorCode.HELD_FOR_APPROVAL: ConflictError,
    ErrorCode.OPERATION_CANCELLED: ConflictError,
    ErrorCode.SERVER_DISABLED: ConflictError,
    ErrorCode.SECRET_MISSING: ConflictError,
    ErrorCode.SECRET_UNREADABLE: ConflictError,
    ErrorCode.SECRET_KEY_MISSING: ConflictError,
    ErrorCode.SECRET_MOVED: ConflictError,
    ErrorCode.INSTALL_FAILED: InstallError,
    ErrorCode.REGISTRY_UNAVAILABLE: InstallError,
    ErrorCode.SERVER_DID_NOT_START: ServerError,
    ErrorCode.SERVER_FAILED: ServerError,
    ErrorCode.TOOL_TIMEOUT: ServerError,
    ErrorCode.CALL_NOT_FOUND: NotFoundError,
    ErrorCode.CALL_CANCELLED: ConflictError,
    ErrorCode.SESSION_LIMIT: UnavailableError,
    ErrorCode.QUERY_TOO_COMPLEX: InvalidInputError,
    ErrorCode.OPERATION_TIMEOUT: UnavailableError,
    ErrorCode.OPERATION_NOT_ALLOWED: ForbiddenError,
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: NotFoundError,
    ErrorCode.RATE_LIMITED: UnavailableError,
    ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE: UnavailableError,
    ErrorCode.DATABASE_UNAVAILABLE: UnavailableError,
    ErrorCode.SHUTTING_DOWN: UnavailableError,
    ErrorCode.INTERNAL: None,
}


def render_error(error: AppError) -> ErrorInterface:
    """The GraphQL type of an expected failure; raises the error again where it has none."""
    kind = ERROR_TYPES[error.code]
    if kind is None:
        raise error
    shown = kind(code=error.code, message=error.message, path=[*error.path], hint=error.hint)
    if isinstance(shown, UnavailableError):
        shown.retry_after_seconds = error.retry_after_seconds
    return shown
