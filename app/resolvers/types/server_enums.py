"""What the enums of a server mean."""

from app.domain.log_level import LogLevel
from app.domain.server import Isolation, ServerStatus, Transport
from app.resolvers.enums import describe_enum

describe_enum(
    Transport,
    "Transport",
    "How a server is spoken to.",
    {
        Transport.STDIO: "It is a program on this machine: over its stdin and stdout.",
        Transport.STREAMABLE_HTTP: "It runs elsewhere: over streamable HTTP, or else HTTP+SSE.",
        Transport.SSE: "It runs elsewhere: over HTTP+SSE, the way of MCP's first revision.",
    },
)
describe_enum(
    Isolation,
    "Isolation",
    "Who shares a session of a server.",
    {
        Isolation.SHARED: "All users share one.",
        Isolation.PER_USER: "Each user has one of their own, and no one else reaches it.",
    },
)
describe_enum(
    ServerStatus,
    "ServerStatus",
    "Whether a server can be called right now.",
    {
        ServerStatus.CONNECTED: "It has a session that takes calls.",
        ServerStatus.CONNECTING: "Its session is being started.",
        ServerStatus.DISCONNECTED: "It has no session; if it is enabled, a call starts one.",
        ServerStatus.ERROR: "Its session has ended unasked or could not be started.",
    },
)
describe_enum(
    LogLevel,
    "LogLevel",
    "How grave a log message is (RFC 5424), least first.",
    {
        LogLevel.DEBUG: "For finding bugs.",
        LogLevel.INFO: "What happens as it should.",
        LogLevel.NOTICE: "What happens as it should, and matters.",
        LogLevel.WARNING: "What may become an error.",
        LogLevel.ERROR: "Something failed.",
        LogLevel.CRITICAL: "A part of the server failed.",
        LogLevel.ALERT: "Somebody must do something at once.",
        LogLevel.EMERGENCY: "The server cannot be used.",
    },
)
