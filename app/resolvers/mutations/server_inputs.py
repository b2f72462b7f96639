"""The inputs of addServer and updateServer."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from app.domain.log_level import LogLevel
from app.domain.server import (
    DEFAULT_CALL_SECONDS,
    DEFAULT_LONGEST_CALL_SECONDS,
    DEFAULT_STARTUP_SECONDS,
    Isolation,
    ServerChanges,
    ServerSettings,
    Transport,
)
from app.domain.server_access import OPEN, ServerAccess
from app.domain.unset import UNSET, Unset
from app.resolvers.inputs import string_map
from app.resolvers.mutations.access_input import ACCESS, AccessInput
from app.resolvers.mutations.binding_input import SECRETS, SecretBindingInput, bindings_of
from app.resolvers.types import server as _described  # noqa: F401 - makes the enums known

COMMAND = "The program that starts it; for transport STDIO, which needs one."
ENV = "Environment variables for the program, an object of strings"
URL = "Its http or https address; for the other transports, which need one."
HEADERS = "HTTP headers for every request, an object of strings"
PRIVATE_NETWORK = (
    "Whether it may be reached at addresses of private networks and of this machine. By default "
    "at none; without authentication, on a service that only this machine can reach, at a URL "
    "that names localhost"
)
MASKS = (
    "Whether secret values are masked in what it answers. They always are in errors, logs and "
    "stderr."
)
ISOLATION = "Who shares a session of it."
STARTUP = "How long it may take to start, in seconds; up to 600."
CALL_TIMEOUT = (
    "How long a call may take without progress, in seconds, unless it says so itself; up to 3600."
)
LONGEST_CALL = "How long a call may take that reports progress, in seconds; up to 3600."
IDLE = "After how many seconds without a call a session of it ends"
MAX_CALLS = "How many calls of one session may be at work at once; further ones wait"
MAX_SESSIONS = "How many sessions it may have at once; calls that need another wait"
CHECKS = "Whether arguments are checked against a tool's schema before they are sent."
LOG_LEVEL = "What it is asked to log"


@strawberry.input(description="A server to add.")
class AddServerInput:
    """The input of addServer."""

    server_name: str = strawberry.field(description="The unique name to give it.")
    command: str | None = strawberry.field(default=None, description=COMMAND)
    args: list[str] = strawberry.field(default_factory=list, description="The program's arguments.")
    env: JSON | None = strawberry.field(default=None, description=f"{ENV}. Not for secrets.")
    cwd: str | None = strawberry.field(default=None, description="The folder to start it in.")
    url: str | None = strawberry.field(default=None, description=URL)
    headers: JSON | None = strawberry.field(
        default=None, description=f"{HEADERS}. Whoever may look at servers can read them."
    )
    allows_private_network: bool | None = strawberry.field(
        default=None, description=f"{PRIVATE_NETWORK}."
    )
    transport: Transport = strawberry.field(
        default=Transport.STDIO, description="How it is spoken to."
    )
    secrets: list[SecretBindingInput] = strawberry.field(default_factory=list, description=SECRETS)
    masks_results: bool = strawberry.field(default=True, description=MASKS)
    isolation: Isolation = strawberry.field(default=Isolation.SHARED, description=ISOLATION)
    enabled: bool = strawberry.field(default=True, description="Whether it may be called.")
    display_name: str | None = strawberry.field(default=None, description="A name for people.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    startup_timeout_seconds: float = strawberry.field(
        default=DEFAULT_STARTUP_SECONDS, description=STARTUP
    )
    call_timeout_seconds: float = strawberry.field(
        default=DEFAULT_CALL_SECONDS, description=CALL_TIMEOUT
    )
    longest_call_seconds: float = strawberry.field(
        default=DEFAULT_LONGEST_CALL_SECONDS, description=LONGEST_CALL
    )
    idle_seconds: float | None = strawberry.field(
        default=None,
        description=f"{IDLE}. By default never where all users share it, and 300 where each has "
        "their own.",
    )
    max_concurrent_calls: int | None = strawberry.field(
        default=None, description=f"{MAX_CALLS}. By default any number."
    )
    max_sessions: int | None = strawberry.field(
        default=None, description=f"{MAX_SESSIONS}. By default this service's own limit."
    )
    checks_arguments: bool = strawberry.field(default=True, description=CHECKS)
    log_level: LogLevel | None = strawberry.field(
        default=None, description=f"{LOG_LEVEL}. By default what it logs by itself."
    )

    access: AccessInput | None = strawberry.field(
        default=None, description=f"{ACCESS} By default everybody, and every tool."
    )

    def settings(self) -> ServerSettings:
        """The settings as domain data."""
        return ServerSettings(
            name=self.server_name,
            command=self.command,
            display_name=self.display_name,
            description=self.description,
            transport=self.transport,
            args=tuple(self.args),
            env={} if self.env is None else string_map(self.env, "env"),
            cwd=self.cwd,
            url=self.url,
            headers={} if self.headers is None else string_map(self.headers, "headers"),
            allows_private_network=self.allows_private_network,
            secrets=bindings_of(self.secrets),
            masks_results=self.masks_results,
            isolation=self.isolation,
            startup_timeout_seconds=self.startup_timeout_seconds,
            call_timeout_seconds=self.call_timeout_seconds,
            longest_call_seconds=self.longest_call_seconds,
            idle_seconds=self.idle_seconds,
            max_concurrent_calls=self.max_concurrent_calls,
            max_sessions=self.max_sessions,
            checks_arguments=self.checks_arguments,
            log_level=self.log_level,
            access=OPEN if self.access is None else self.access.access(),
            is_enabled=self.enabled,
        )


@strawberry.input(
    description="Changes to a server; what is left out stays as it is. A change of transport "
    "drops what the old one needed."
)
class UpdateServerInput:
    """The input of updateServer."""

    server_name: str = strawberry.field(description="The server to change.")
    command: strawberry.Maybe[str] = strawberry.field(description=COMMAND)
    args: strawberry.Maybe[list[str]] = strawberry.field(description="The program's arguments.")
    env: strawberry.Maybe[JSON] = strawberry.field(description=f"{ENV}; replaces all of them.")
    cwd: strawberry.Maybe[str | None] = strawberry.field(
        description="The folder to start it in; null for the service's own."
    )
    url: strawberry.Maybe[str] = strawberry.field(description=URL)
    headers: strawberry.Maybe[JSON] = strawberry.field(
        description=f"{HEADERS}; replaces all of them."
    )
    allows_private_network: strawberry.Maybe[bool | None] = strawberry.field(
        description=f"{PRIVATE_NETWORK}; null for that."
    )
    transport: strawberry.Maybe[Transport] = strawberry.field(description="How it is spoken to.")
    secrets: strawberry.Maybe[list[SecretBindingInput]] = strawberry.field(
        description=f"{SECRETS} Replaces all of them."
    )
    masks_results: strawberry.Maybe[bool] = strawberry.field(description=MASKS)
    isolation: strawberry.Maybe[Isolation] = strawberry.field(description=ISOLATION)
    enabled: strawberry.Maybe[bool] = strawberry.field(description="Whether it may be called.")
    display_name: strawberry.Maybe[str | None] = strawberry.field(
        description="A name for people; null for none."
    )
    description: strawberry.Maybe[str | None] = strawberry.field(
        description="What it is for; null for nothing."
    )
    startup_timeout_seconds: strawberry.Maybe[float] = strawberry.field(description=STARTUP)
    call_timeout_seconds: strawberry.Maybe[float] = strawberry.field(description=CALL_TIMEOUT)
    longest_call_seconds: strawberry.Maybe[float] = strawberry.field(description=LONGEST_CALL)
    idle_seconds: strawberry.Maybe[float | None] = strawberry.field(
        description=f"{IDLE}; null for the default."
    )
    max_concurrent_calls: strawberry.Maybe[int | None] = strawberry.field(
        description=f"{MAX_CALLS}; null for any number."
    )
    max_sessions: strawberry.Maybe[int | None] = strawberry.field(
        description=f"{MAX_SESSIONS}; null for this service's own limit."
    )
    checks_arguments: strawberry.Maybe[bool] = strawberry.field(description=CHECKS)
    log_level: strawberry.Maybe[LogLevel | None] = strawberry.field(
        description=f"{LOG_LEVEL}; null for what it logs by itself."
    )

    access: strawberry.Maybe[AccessInput | None] = strawberry.field(
        description=f"{ACCESS} Replaces all of its rules; null for everybody and every tool."
    )

    def changes(self) -> ServerChanges:
        """The changes as domain data."""
        return ServerChanges(
            command=_given(self.command),
            args=UNSET if self.args is None else tuple(self.args.value),
            env=UNSET if self.env is None else string_map(self.env.value, "env"),
            cwd=_given(self.cwd),
            url=_given(self.url),
            headers=UNSET if self.headers is None else string_map(self.headers.value, "headers"),
            allows_private_network=_given(self.allows_private_network),
            transport=_given(self.transport),
            secrets=UNSET if self.secrets is None else bindings_of(self.secrets.value),
            masks_results=_given(self.masks_results),
            isolation=_given(self.isolation),
            is_enabled=_given(self.enabled),
            display_name=_given(self.display_name),
            description=_given(self.description),
            startup_timeout_seconds=_given(self.startup_timeout_seconds),
            call_timeout_seconds=_given(self.call_timeout_seconds),
            longest_call_seconds=_given(self.longest_call_seconds),
            idle_seconds=_given(self.idle_seconds),
            max_concurrent_calls=_given(self.max_concurrent_calls),
            max_sessions=_given(self.max_sessions),
            checks_arguments=_given(self.checks_arguments),
            log_level=_given(self.log_level),
            access=_access(self.access),
        )


def _access(field: strawberry.Maybe[AccessInput | None]) -> ServerAccess | Unset:
    if field is None:
        return UNSET
    return OPEN if field.value is None else field.value.access()


# Any: the invariant Maybe fits no type variable, and ServerChanges says what each field is.
def _given(field: strawberry.Maybe[Any]) -> Any:
    return UNSET if field is None else field.value
