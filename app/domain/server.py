"""An MCP server: what is wanted of it, and how to launch it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from app.domain.delivery import SecretBinding, bindings_for
from app.domain.errors import AppError, ErrorCode
from app.domain.launch import StdioLaunch
from app.domain.log_level import LogLevel
from app.domain.server_access import OPEN, ServerAccess
from app.domain.tool import Tool
from app.domain.unset import UNSET, Unset

DEFAULT_STARTUP_SECONDS = 30.0
DEFAULT_CALL_SECONDS = 60.0
DEFAULT_LONGEST_CALL_SECONDS = 3600.0
# What concerns people or each call anew, and no session.
PER_CALL = (
    "display_name", "description", "call_timeout_seconds", "longest_call_seconds",
    "checks_arguments", "masks_results", "access",
)  # fmt: skip


class Transport(StrEnum):
    """How the server is spoken to."""

    STDIO = "stdio"
    STREAMABLE_HTTP = "streamable_http"
    SSE = "sse"


class Isolation(StrEnum):
    """Whether users share one session of the server, or each has their own."""

    SHARED = "shared"
    PER_USER = "per_user"


class ServerStatus(StrEnum):
    """Whether a server can be called right now."""

    CONNECTED = "connected"
    CONNECTING = "connecting"
    DISCONNECTED = "disconnected"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What an operator decides about a server.

    `command`, `args` and `env` values may contain `{packageDir}`, the folder of the
    installed package the server came from. `command` is for stdio, `url` for the HTTP
    transports. `call_timeout_seconds` bounds a call without progress, `longest_call_seconds`
    any call. None as a number means: no limit of this server's own; as `allows_private_network`:
    as this service decides for all servers.
    """

    name: str
    command: str | None = None
    display_name: str | None = None
    description: str | None = None
    transport: Transport = Transport.STDIO
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    allows_private_network: bool | None = None
    secrets: tuple[SecretBinding, ...] = ()
    masks_results: bool = True
    isolation: Isolation = Isolation.SHARED
    startup_timeout_seconds: float = DEFAULT_STARTUP_SECONDS
    call_timeout_seconds: float = DEFAULT_CALL_SECONDS
    longest_call_seconds: float = DEFAULT_LONGEST_CALL_SECONDS
    idle_seconds: float | None = None
    max_concurrent_calls: int | None = None
    max_sessions: int | None = None
    checks_arguments: bool = True
    log_level: LogLevel | None = None
    access: ServerAccess = OPEN
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChanges:
    """An update: every field left UNSET stays as it is; None resets an optional one.

    `secret_names` is the short way to say `secrets`: a name that is declared keeps its delivery,
    another becomes an argument.
    """

    command: str | Unset | None = UNSET
    display_name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    transport: Transport | Unset = UNSET
    args: tuple[str, ...] | Unset = UNSET
    env: Mapping[str, str] | Unset = UNSET
    cwd: str | Unset | None = UNSET
    url: str | Unset | None = UNSET
    headers: Mapping[str, str] | Unset = UNSET
    allows_private_network: bool | Unset | None = UNSET
    secrets: tuple[SecretBinding, ...] | Unset = UNSET
    secret_names: tuple[str, ...] | Unset = UNSET
    masks_results: bool | Unset = UNSET
    isolation: Isolation | Unset = UNSET
    startup_timeout_seconds: float | Unset = UNSET
    call_timeout_seconds: float | Unset = UNSET
    longest_call_seconds: float | Unset = UNSET
    idle_seconds: float | Unset | None = UNSET
    max_concurrent_calls: int | Unset | None = UNSET
    max_sessions: int | Unset | None = UNSET
    checks_arguments: bool | Unset = UNSET
    log_level: LogLevel | Unset | None = UNSET
    access: ServerAccess | Unset = UNSET
    is_enabled: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A stored server. `revision` changes whenever the launch or the enabled flag does."""

    settings: ServerSettings
    revision: str
    package_dir: str | None
    install_id: str | None
    tools: tuple[Tool, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def name(self) -> str:
        """The unique name."""
        return self.settings.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    """A server with what is known of it right now, and without what looks like a credential.

    `program` is how a stdio server is started, with its placeholders filled in; None for others.
    Without `has_details` the settings do not say how it is reached, nor who may.
    """

    server: Server
    program: StdioLaunch | None
    has_details: bool
    status: ServerStatus
    last_error: str | None


def unknown_server(name: str) -> AppError:
    """The SERVER_NOT_FOUND of a server that is not there, or not for the caller to see."""
    return AppError(
        ErrorCode.SERVER_NOT_FOUND,
        f"There is no server named {name!r}.",
        path=("serverName",),
        hint="List the servers to see which there are; names are case-sensitive.",
    )


def name_taken(name: str) -> AppError:
    """The CONFLICT of a server name that is in use."""
    return AppError(
        ErrorCode.CONFLICT,
        f"There is already a server named {name!r}.",
        path=("serverName",),
        hint="Choose another name, or remove that server first.",
    )


def new_revision() -> str:
    """A name for a server's configuration that no other configuration has."""
    return uuid4().hex


def apply_changes(settings: ServerSettings, changes: ServerChanges) -> ServerSettings:
    """The settings after an update, unchecked; what a new transport cannot use is dropped."""
    given = {field.name: getattr(changes, field.name) for field in fields(changes)}
    given = {name: value for name, value in given.items() if not isinstance(value, Unset)}
    names = given.pop("secret_names", None)
    if names is not None:
        given["secrets"] = bindings_for(names, settings.secrets)
    is_program = given.get("transport", settings.transport) is Transport.STDIO
    if is_program is not (settings.transport is Transport.STDIO):
        settings = replace(
            settings, command=None, args=(), env={}, cwd=None, url=None, headers={},
            allows_private_network=None,
        )  # fmt: skip
    return replace(settings, **given)


def without_launch(settings: ServerSettings) -> ServerSettings:
    """The settings for who may use a server, but not know how it is started or reached."""
    return replace(
        settings, command=None, args=(), env={}, cwd=None, url=None, headers={},
        allows_private_network=None, access=OPEN,
    )  # fmt: skip


def launch_changed(before: ServerSettings, after: ServerSettings) -> bool:
    """Whether sessions started under `before` are wrong under `after`."""
    same = {name: getattr(after, name) for name in PER_CALL}
    return replace(before, **same) != after
