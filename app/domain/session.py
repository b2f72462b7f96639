"""Live sessions: what each belongs to, what is wanted of it, and how it is doing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from app.domain.launch import Launch
from app.domain.log_level import LogLevel


class SessionState(StrEnum):
    """Where a session stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    BACKING_OFF = "backing_off"
    FAILED = "failed"
    ENDED = "ended"


class SessionKey(NamedTuple):
    """What a session belongs to; `owner` is None for one that all users share.

    `stamp` names the secrets that it was started with; see `SecretBundle`.
    """

    server_name: str
    revision: str
    owner: str | None = None
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """What the registry needs to run a session.

    With `is_kept_alive` it is started again by itself when it dies. `launch` may carry the
    owner's secrets: a plan with an owner is never kept alive, and forgotten when its session
    ends. `max_sessions` bounds the sessions of one revision of the server.
    """

    key: SessionKey
    launch: Launch
    is_kept_alive: bool = False
    max_concurrent_calls: int | None = None
    max_sessions: int | None = None
    idle_seconds: float | None = None
    log_level: LogLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session as it is right now, in one process of this service.

    `pid` is None for a server that runs elsewhere. `restarts` counts starts after the first.
    `stderr` is masked, oldest line first.
    """

    id: str
    key: SessionKey
    state: SessionState
    since: datetime
    pid: int | None
    protocol_version: str | None
    restarts: int
    last_error: str | None
    stderr: tuple[str, ...]
    calls_in_flight: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are meant; None means any."""

    server_name: str | None = None
    state: SessionState | None = None


class ListingKind(StrEnum):
    """What a server lists, by the name of its MCP method's noun."""

    TOOLS = "tools"
    RESOURCES = "resources"
    RESOURCE_TEMPLATES = "resource_templates"
    PROMPTS = "prompts"


@dataclass(frozen=True, slots=True)
class ListingChange:
    """A server has said that one of its listings changed, and it has been read again."""

    key: SessionKey
    kind: ListingKind


@dataclass(frozen=True, slots=True)
class Progress:
    """One progress notification of a call (MCP spec, Progress)."""

    progress: float
    total: float | None
    message: str | None


@dataclass(frozen=True, slots=True)
class LogMessage:
    """One log message of a server (MCP spec, Logging); `data` is any JSON value."""

    level: str
    logger: str | None
    data: object


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that a server wrote to stderr, masked, and the session that it wrote it in."""

    key: SessionKey
    line: str
    at: datetime
