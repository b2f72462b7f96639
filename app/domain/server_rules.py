"""The pure rules about a server's settings: which are acceptable, and what they come to."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from app.domain.address import check_header, check_url
from app.domain.call import MAX_TIMEOUT_SECONDS
from app.domain.delivery import Delivered, SecretBundle, check_bindings
from app.domain.durations import check_duration
from app.domain.errors import invalid
from app.domain.launch import HttpLaunch, Launch, StdioLaunch
from app.domain.names import (
    MAX_LIST,
    check_arguments_list,
    check_environment,
    check_server_name,
    check_text,
)
from app.domain.outbound import Reach, check_reachable
from app.domain.server import Isolation, Server, ServerSettings, Transport
from app.domain.server_access import check_access
from app.domain.session import SessionKey, SessionPlan

PACKAGE_DIR = "{packageDir}"
MAX_STARTUP_SECONDS = 600.0
NOTHING_DELIVERED = Delivered()
MAX_IDLE_SECONDS = 30 * 86400.0
MAX_COUNT = 10_000
# A user's own session ends this long after its last call, where the server says nothing else.
DEFAULT_USER_IDLE_SECONDS = 300.0
# Any that carries secrets ends after so long: what it writes is masked for as long as that.
MOST_CARRIER_IDLE_SECONDS = 3600.0
TRIAL_IDLE_SECONDS = 1.0


def check_settings(settings: ServerSettings) -> None:
    """Accept settings that could be launched.

    Raises:
        AppError: INVALID_INPUT, naming the field.
    """
    check_server_name(settings.name)
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
    check_bindings(settings.secrets, is_program=settings.transport is Transport.STDIO)
    _check_limits(settings)
    check_access(settings.access)


def check_reach(settings: ServerSettings, reach: Reach) -> None:
    """Accept a server whose URL may be connected to, as far as that is known before.

    Raises:
        AppError: INVALID_INPUT.
    """
    if settings.transport is not Transport.STDIO:
        check_reachable(settings.url or "", _reach_of(settings, reach))


def resolve_launch(
    settings: ServerSettings,
    package_dir: str | None,
    secrets: Delivered | None = None,
    *,
    reach: Reach = Reach.PUBLIC,
) -> Launch:
    """How to reach the server; `package_dir` is the absolute folder of its package, if any.

    `reach` holds for a server elsewhere that says nothing of its own.
    """
    secrets = secrets or NOTHING_DELIVERED
    if settings.transport is not Transport.STDIO:
        return HttpLaunch(
            url=_with_query(settings.url or "", secrets.query),
            headers=_with_headers(settings.headers, secrets.headers),
            startup_timeout_seconds=settings.startup_timeout_seconds,
            is_sse_only=settings.transport is Transport.SSE,
            reach=_reach_of(settings, reach),
        )

    def fill(text: str) -> str:
        return text if package_dir is None else text.replace(PACKAGE_DIR, package_dir)

    env = {name: fill(value) for name, value in settings.env.items()}
    return StdioLaunch(
        command=fill(settings.command or ""),
        args=tuple(map(fill, settings.args)),
        env={**env, **secrets.environment},
        cwd=settings.cwd if settings.cwd is None else fill(settings.cwd),
        startup_timeout_seconds=settings.startup_timeout_seconds,
        files=secrets.files,
    )


def plan_session(
    server: Server, launch: Launch, secrets: SecretBundle | None = None
) -> SessionPlan:
    """The session that serves a user with these secrets.

    One that carries a user's own values is that user's alone, as is every one of a server that
    is isolated per user. Without secrets it is the session that all users share; where there is
    none, a trial that is kept up until its tools are known, and ends at once then; where it
    cannot be expected to start, it is tried once.
    """
    settings = server.settings
    is_alone = secrets is None and needs_user(settings)
    is_trial = is_alone or (secrets is None and settings.isolation is Isolation.PER_USER)
    key = SessionKey(server.name, server.revision)
    if secrets is not None:
        key = session_key(server, secrets)
    is_own, stamp = key.owner is not None, key.stamp
    idle = settings.idle_seconds
    if is_trial:
        idle = TRIAL_IDLE_SECONDS
    elif is_own and idle is None:
        idle = DEFAULT_USER_IDLE_SECONDS
    if stamp:
        idle = min(idle or MOST_CARRIER_IDLE_SECONDS, MOST_CARRIER_IDLE_SECONDS)
    return SessionPlan(
        key=key,
        launch=launch,
        is_kept_alive=not is_own and not stamp and not is_alone,
        max_concurrent_calls=settings.max_concurrent_calls,
        max_sessions=settings.max_sessions,
        idle_seconds=idle,
        log_level=settings.log_level,
    )


def session_key(server: Server, secrets: SecretBundle) -> SessionKey:
    """The session that serves a user with these secrets; see `plan_session`."""
    settings = server.settings
    is_own = secrets.is_own or settings.isolation is Isolation.PER_USER
    owner = secrets.username if is_own else None
    return _key_of(settings.name, server.revision, owner, secrets.stamp)


_key_of = lru_cache(maxsize=1000)(SessionKey)  # it takes longer to make one than to find it


def needs_user(settings: ServerSettings) -> bool:
    """Whether the server cannot be expected to start without somebody's secrets."""
    return any(b.is_required and b.is_at_launch for b in settings.secrets)


def _reach_of(settings: ServerSettings, default: Reach) -> Reach:
    if settings.allows_private_network is None:
        return default
    return Reach.PRIVATE if settings.allows_private_network else Reach.PUBLIC


def _with_headers(declared: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """A secret goes before a declared header of its name, however that is written."""
    names = {name.lower() for name in values}
    return {**{n: v for n, v in declared.items() if n.lower() not in names}, **values}


def _with_query(url: str, values: Mapping[str, str]) -> str:
    """A secret goes before a parameter of its name that the address has."""
    if not values:
        return url
    parts = urlsplit(url)
    kept = [p for p in parts.query.split("&") if p and unquote_plus(p.split("=")[0]) not in values]
    return urlunsplit(parts._replace(query="&".join((*kept, urlencode(values)))))


def _check_program(settings: ServerSettings) -> None:
    _refuse_strangers(
        settings,
        {
            "url": settings.url, "headers": settings.headers,
            "allowsPrivateNetwork": settings.allows_private_network,
        },
    )  # fmt: skip
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
        if seconds is not None:
            check_duration(seconds, most, words=words, field=field)
    counts = (
        ("maxConcurrentCalls", settings.max_concurrent_calls),
        ("maxSessions", settings.max_sessions),
    )
    for name, count in counts:
        if count is not None and not 0 < count <= MAX_COUNT:
            raise invalid(f"{name} must be 1 to {MAX_COUNT}.", name)
