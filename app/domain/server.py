"""An MCP server: what is wanted of it, and how to launch it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.names import (
    check_arguments_list,
    check_environment,
    check_secret_name,
    check_server_name,
    check_text,
)
from app.domain.tool import Tool
from app.domain.unset import UNSET, Unset

PACKAGE_DIR = "{packageDir}"
DEFAULT_STARTUP_SECONDS = 30.0
MAX_STARTUP_SECONDS = 600.0


class Transport(StrEnum):
    """How the server is spoken to."""

    STDIO = "stdio"


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
    installed package the server came from.
    """

    name: str
    command: str
    display_name: str | None = None
    description: str | None = None
    transport: Transport = Transport.STDIO
    args: tuple[str, ...] = ()
    env: Mapping[str, str]
    cwd: str | None = None
    secret_names: tuple[str, ...] = ()
    startup_timeout_seconds: float = DEFAULT_STARTUP_SECONDS
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChanges:
    """An update: every field left UNSET stays as it is; None resets an optional one."""

    command: str | Unset = UNSET
    display_name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    transport: Transport | Unset = UNSET
    args: tuple[str, ...] | Unset = UNSET
    env: Mapping[str, str] | Unset = UNSET
    cwd: str | Unset | None = UNSET
    secret_names: tuple[str, ...] | Unset = UNSET
    startup_timeout_seconds: float | Unset = UNSET
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
class Launch:
    """Everything needed to start a stdio server, with every placeholder filled in."""

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str | None
    startup_timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    """A server with what is known of it right now; `launch` has its placeholders filled in."""

    server: Server
    launch: Launch
    status: ServerStatus
    last_error: str | None


def name_taken(name: str, field: str) -> AppError:
    """The CONFLICT of a server name that is in use; `field` is the input that gave it."""
    return AppError(
        ErrorCode.CONFLICT,
        f"There is already a server named {name!r}.",
        path=(field,),
        hint="Choose another name, or remove that server first.",
    )


def new_revision() -> str:
    """A name for a server's configuration that no other configuration has."""
    return uuid4().hex


def check_settings(settings: ServerSettings) -> None:
    """Accept settings that could be launched.

    Raises:
        AppError: INVALID_INPUT, naming the field.
    """
    check_server_name(settings.name, "name")
    if not settings.command.strip():
        raise invalid("command must name the program that starts the server.", "command")
    check_text(settings.command, "command")
    check_arguments_list(settings.args, "args")
    check_environment(settings.env, "env")
    for field in ("display_name", "description", "cwd"):
        value = getattr(settings, field)
        if value is not None:
            check_text(value, "displayName" if field == "display_name" else field)
    _check_secret_names(settings.secret_names)
    if not 0 < settings.startup_timeout_seconds <= MAX_STARTUP_SECONDS:
        raise invalid(
            f"startupTimeout must be more than 0 and at most {MAX_STARTUP_SECONDS:.0f} seconds.",
            "startupTimeout",
        )


def apply_changes(settings: ServerSettings, changes: ServerChanges) -> ServerSettings:
    """The settings after an update, unchecked."""
    fields = (
        "command", "display_name", "description", "transport", "args", "env", "cwd",
        "secret_names", "startup_timeout_seconds", "is_enabled",
    )  # fmt: skip
    given = {field: getattr(changes, field) for field in fields}
    return replace(settings, **{k: v for k, v in given.items() if not isinstance(v, Unset)})


def launch_changed(before: ServerSettings, after: ServerSettings) -> bool:
    """Whether sessions started under `before` are wrong under `after`."""
    words = replace(before, display_name=after.display_name, description=after.description)
    return words != after


def resolve_launch(settings: ServerSettings, package_dir: str | None) -> Launch:
    """How to start the server; `package_dir` is the absolute folder of its package, if any."""

    def fill(text: str) -> str:
        return text if package_dir is None else text.replace(PACKAGE_DIR, package_dir)

    return Launch(
        command=fill(settings.command),
        args=tuple(fill(arg) for arg in settings.args),
        env={name: fill(value) for name, value in settings.env.items()},
        cwd=settings.cwd if settings.cwd is None else fill(settings.cwd),
        startup_timeout_seconds=settings.startup_timeout_seconds,
    )


def _check_secret_names(names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        check_secret_name(name, "secretNames", str(index))
    if len(set(names)) != len(names):
        raise invalid("secretNames names the same secret twice.", "secretNames")
