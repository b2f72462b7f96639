"""The log levels of MCP."""

from enum import StrEnum


class LogLevel(StrEnum):
    """How much a server is asked to log (MCP spec, Logging; the levels of RFC 5424)."""

    DEBUG = "debug"
    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"
    ALERT = "alert"
    EMERGENCY = "emergency"
