"""The codes that groups of operations can fail with, beside those of any request."""

from app.domain.errors import ErrorCode

SECRETS = (
    ErrorCode.SECRET_MISSING,
    ErrorCode.SECRET_UNREADABLE,
    ErrorCode.SECRET_KEY_MISSING,
    ErrorCode.SECRET_MOVED,
)
CALLING = (
    ErrorCode.SERVER_NOT_FOUND,
    ErrorCode.TOOL_NOT_FOUND,
    ErrorCode.SERVER_DISABLED,
    *SECRETS,
    ErrorCode.CALL_CANCELLED,
    ErrorCode.SERVER_DID_NOT_START,
    ErrorCode.SERVER_FAILED,
    ErrorCode.SESSION_LIMIT,
    ErrorCode.TOOL_TIMEOUT,
)
INSTALLING = (
    ErrorCode.PACKAGE_NOT_FOUND,
    ErrorCode.VERSION_NOT_FOUND,
    ErrorCode.CONFLICT,
    ErrorCode.INSTALL_FAILED,
    ErrorCode.REGISTRY_UNAVAILABLE,
    ErrorCode.SERVER_DID_NOT_START,
    ErrorCode.SERVER_FAILED,
    ErrorCode.SESSION_LIMIT,
    ErrorCode.OPERATION_CANCELLED,
)
UPGRADING = (*INSTALLING, ErrorCode.SERVER_NOT_FOUND, ErrorCode.HELD_FOR_APPROVAL)
