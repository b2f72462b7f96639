"""The one table from error codes to HTTP statuses (RFC 9110, section 15)."""

from collections.abc import Mapping
from typing import Final

from app.domain.errors import ErrorCode

HTTP_STATUS: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.INVALID_INPUT: 400,
    ErrorCode.PAYLOAD_TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.ROUTE_NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.REQUEST_TIMEOUT: 408,
    ErrorCode.HOST_NOT_ALLOWED: 403,
    ErrorCode.ORIGIN_NOT_ALLOWED: 403,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.SERVER_NOT_FOUND: 404,
    ErrorCode.TOOL_NOT_FOUND: 404,
    ErrorCode.PACKAGE_NOT_FOUND: 404,
    ErrorCode.VERSION_NOT_FOUND: 404,
    ErrorCode.TOKEN_NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.HELD_FOR_APPROVAL: 409,
    ErrorCode.OPERATION_CANCELLED: 409,
    ErrorCode.SERVER_DISABLED: 409,
    ErrorCode.INSTALL_FAILED: 502,
    ErrorCode.REGISTRY_UNAVAILABLE: 502,
    ErrorCode.SERVER_DID_NOT_START: 502,
    ErrorCode.SERVER_FAILED: 502,
    ErrorCode.TOOL_TIMEOUT: 504,
    ErrorCode.CALL_NOT_FOUND: 404,
    ErrorCode.CALL_CANCELLED: 409,
    ErrorCode.SESSION_LIMIT: 503,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.SECRET_MISSING: 409,
    ErrorCode.SECRET_UNREADABLE: 409,
    ErrorCode.SECRET_KEY_MISSING: 409,
    ErrorCode.SECRET_MOVED: 409,
    ErrorCode.QUERY_TOO_COMPLEX: 400,
    ErrorCode.OPERATION_TIMEOUT: 504,
    ErrorCode.OPERATION_NOT_ALLOWED: 403,
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: 404,
    ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE: 503,
    ErrorCode.DATABASE_UNAVAILABLE: 503,
    ErrorCode.SHUTTING_DOWN: 503,
    ErrorCode.INTERNAL: 500,
}
