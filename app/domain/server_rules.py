"""The pure rules about a server's settings: which are acceptable, and what they come to."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from app.domain.call import MAX_TIMEOUT_SECONDS
from app.domain.errors import invalid
from app.domain.launch import HttpLaunch, Launch, StdioLaunch
from app.domain.names import (
    MAX_LIST,
    check_arguments_list,
    check_environment,
    check_secret_name,
    check_server_name,
    check_text,
)
from app.domain.server import Isolation, Server, ServerSettings, Transport
from app.domain.session import SessionKey, SessionPlan

PACKAGE_DIR = "{packageDir}"
MAX_STARTUP_SECONDS = 600.0
MAX_IDLE_SECONDS = 30 * 86400.0
MAX_COUNT = 10_000
# A user's own session ends this long after its last call, where the server says nothing else.
DEFAULT_USER_IDLE_SECONDS = 300.0
TRIAL_IDLE_SECONDS = 1.0
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")  # RFC 9110, section 5.6.2
# What the transport itself sets (MCP spec, Transports; RFC 9110).
OWN_HEADERS = frozenset(
    ("accept", "connection", "content-length", "content-type", "host", "last-event-id",
     "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "transfer-encoding")
)  # fmt: skip


def check_settings(settings: ServerSettings) -> None:
    """Accept settings that could be launched.

    Raises:
        AppError: INVALID_INPUT, naming the field.
    """
    check_server_name(settings.name, "name")
    for field, value in (
        ("displayName", settings.display_name),
        ("description", settings.description),
        ("cwd", settings.cwd),
    ):
        if value is not None:
            check_text(value, field)
    if settings.transport is Transport.STDIO:
        _check_program(settings)
    else:
        _check_address(settings)
    _check_secret_names(settings.secret_names)
    _check_limits(settings)


def resolve_launch(settings: ServerSettings, package_dir: str | None) -> Launch:
    """How to reach the server; `package_dir` is the absolute folder of its package, if any."""
    if settings.transport is not Transport.STDIO:
        return HttpLaunch(
            url=settings.url or "",
            headers=settings.headers,
            startup_timeout_seconds=settings.startup_timeout_seconds,
            is_sse_only=settings.transport is Transport.SSE,
        )

    def fill(text: str) -> str:
        return text if package_dir is None else text.replace(PACKAGE_DIR, package_dir)

    return StdioLaunch(
        command=fill(settings.command or ""),
        args=tuple(fill(arg) for arg in settings.args),
        env={name: fill(value) for name, value in settings.env.items()},
        cwd=settings.cwd if settings.cwd is None else fill(settings.cwd),
        startup_timeout_seconds=settings.startup_timeout_seconds,
    )


def plan_session(server: Server, launch: Launch, username: str | None) -> SessionPlan:
    """The session that serves a user.

    Without one it is the session that all users share; where each user has their own, it is a
    trial that is kept up until its tools are known, and ends at once then.
    """
    settings = server.settings
    is_own = settings.isolation is Isolation.PER_USER
    idle = settings.idle_seconds
    if is_own and username is None:
        idle = TRIAL_IDLE_SECONDS
    elif is_own and idle is None:
        idle = DEFAULT_USER_IDLE_SECONDS
    return SessionPlan(
        key=SessionKey(server.name, server.revision, username if is_own else None),
        launch=launch,
        is_kept_alive=not is_own or username is None,
        max_concurrent_calls=settings.max_concurrent_calls,
        max_sessions=settings.max_sessions,
        idle_seconds=idle,
        log_level=settings.log_level,
    )


def _check_program(settings: ServerSettings) -> None:
    _refuse_strangers(settings, {"url": settings.url, "headers": settings.headers})
    if settings.command is None or not settings.command.strip():
        raise invalid("command must name the program that starts the server.", "command")
    check_text(settings.command, "command")
    if settings.cwd is not None and not settings.cwd.startswith(("/", PACKAGE_DIR)):
        raise invalid("cwd must be an absolute path.", "cwd")
    check_arguments_list(settings.args, "args")
    check_environment(settings.env, "env")


def _check_address(settings: ServerSettings) -> None:
    _refuse_strangers(
        settings,
        {
            "command": settings.command, "args": settings.args,
            "env": settings.env, "cwd": settings.cwd,
        },
    )  # fmt: skip
    check_url(settings.url or "", "url")
    if len(settings.headers) > MAX_LIST:
        raise invalid(f"headers may have at most {MAX_LIST} entries.", "headers")
    for name, value in settings.headers.items():
        check_header(name, value, "headers")


def check_url(url: str, *path: str) -> None:
    """Accept an absolute http or https address without a password in it."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not url.isascii() or not url.isprintable() or " " in url or "#" in url:
        raise invalid(f"{path[-1]} must be an http:// or https:// address.", *path)
    check_text(url, *path)
    if "@" in parts.netloc:
        raise invalid(
            f"{path[-1]} must not hold a user name or password.",
            *path,
            hint="Send credentials in a header.",
        )


def check_header(name: str, value: str, *path: str) -> None:
    """Accept a header of RFC 9110 that the transport does not set itself."""
    if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
        raise invalid(
            f"{name[:128]!r} cannot be a header of a server: it is no token of RFC 9110, "
            "or the transport sets it itself.",
            *path,
        )
    if len(value) > 8192 or not all(c == "\t" or 32 <= ord(c) < 127 for c in value):
        raise invalid(
            "A header's value must be at most 8192 printable ASCII characters.", *path, name
        )


def _refuse_strangers(settings: ServerSettings, fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        if value:
            raise invalid(f"{name} does not go with transport {settings.transport}.", name)


def _check_limits(settings: ServerSettings) -> None:
    durations = (
        ("startup timeout", "startupTimeoutSeconds", settings.startup_timeout_seconds,
         MAX_STARTUP_SECONDS),
        ("call timeout", "callTimeoutSeconds", settings.call_timeout_seconds, MAX_TIMEOUT_SECONDS),
        ("longest call", "longestCallSeconds", settings.longest_call_seconds, MAX_TIMEOUT_SECONDS),
        ("idle time", "idleSeconds", settings.idle_seconds, MAX_IDLE_SECONDS),
    )  # fmt: skip
    for words, field, seconds, most in durations:
        if seconds is not None and not 0 < seconds <= most:
            message = f"The {words} must be more than 0 and at most {most:.0f} seconds."
            raise invalid(message, field)
    counts = (
        ("maxConcurrentCalls", settings.max_concurrent_calls),
        ("maxSessions", settings.max_sessions),
    )
    for name, count in counts:
        if count is not None and not 0 < count <= MAX_COUNT:
            raise invalid(f"{name} must be 1 to {MAX_COUNT}.", name)


def _check_secret_names(names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        check_secret_name(name, "secretNames", str(index))
    if len(set(names)) != len(names):
        raise invalid("secretNames names the same secret twice.", "secretNames")
