"""The request bodies of `/mcp/servers`."""

from typing import Annotated, TypeVar

from pydantic import Field

from app.domain.server import (
    DEFAULT_CALL_SECONDS,
    DEFAULT_STARTUP_SECONDS,
    Isolation,
    ServerChanges,
    ServerSettings,
    Transport,
)
from app.domain.server_access import OPEN
from app.domain.unset import UNSET, Unset
from app.rest.access_body import AccessBody
from app.rest.bodies import SecretsBody, seconds
from app.rest.fields import (
    Address,
    Arguments,
    CallTimeout,
    Command,
    Count,
    Environment,
    Headers,
    IdleTimeout,
    ServerName,
    StartupTimeout,
    Words,
)

T = TypeVar("T")

TransportName = Annotated[Transport, Field(strict=False)]
IsolationName = Annotated[Isolation, Field(strict=False)]


class _ServerBody(SecretsBody):
    """What can be said of a server; durations are milliseconds."""

    command: Command | None = None
    args: Arguments | None = None
    env: Environment | None = None
    url: Address | None = None
    headers: Headers | None = None
    allows_private_network: bool | None = None
    transport_type: TransportName | None = None
    masks_results: bool | None = None
    isolation: IsolationName | None = None
    startup_timeout: StartupTimeout | None = None
    call_timeout: CallTimeout | None = None
    idle_timeout: IdleTimeout | None = None
    max_concurrent_calls: Count | None = None
    max_sessions: Count | None = None
    access: AccessBody | None = None
    enabled: bool | None = None
    display_name: Words | None = None
    description: Words | None = None


class AddServerBody(_ServerBody):
    """`POST /mcp/servers`."""

    name: ServerName

    def settings(self) -> ServerSettings:
        """The settings as domain data."""
        return ServerSettings(
            name=self.name,
            command=self.command,
            display_name=self.display_name,
            description=self.description,
            transport=self.transport_type or Transport.STDIO,
            args=tuple(self.args or ()),
            env=self.env or {},
            url=self.url,
            headers=self.headers or {},
            allows_private_network=self.allows_private_network,
            secrets=self.all_bindings(),
            masks_results=self.masks_results is not False,
            isolation=self.isolation or Isolation.SHARED,
            startup_timeout_seconds=seconds(self.startup_timeout, DEFAULT_STARTUP_SECONDS),
            call_timeout_seconds=seconds(self.call_timeout, DEFAULT_CALL_SECONDS),
            idle_seconds=seconds(self.idle_timeout, None),
            max_concurrent_calls=self.max_concurrent_calls,
            max_sessions=self.max_sessions,
            access=OPEN if self.access is None else self.access.access(),
            is_enabled=self.enabled is not False,
        )


class UpdateServerBody(_ServerBody):
    """`PUT /mcp/servers/:name`: what is left out stays as it is."""

    def changes(self) -> ServerChanges:
        """The changes as domain data."""
        return ServerChanges(
            command=_given(self.command),
            args=UNSET if self.args is None else tuple(self.args),
            env=_given(self.env),
            url=_given(self.url),
            headers=_given(self.headers),
            allows_private_network=self._resettable(
                "allows_private_network", self.allows_private_network
            ),
            transport=_given(self.transport_type),
            secrets=_given(self.bindings()),
            secret_names=_given(self.names()),
            masks_results=_given(self.masks_results),
            isolation=_given(self.isolation),
            startup_timeout_seconds=seconds(self.startup_timeout, UNSET),
            call_timeout_seconds=seconds(self.call_timeout, UNSET),
            idle_seconds=self._resettable("idle_timeout", seconds(self.idle_timeout, None)),
            max_concurrent_calls=self._resettable(
                "max_concurrent_calls", self.max_concurrent_calls
            ),
            max_sessions=self._resettable("max_sessions", self.max_sessions),
            access=UNSET if self.access is None else self.access.access(),
            is_enabled=_given(self.enabled),
            display_name=self._resettable("display_name", self.display_name),
            description=self._resettable("description", self.description),
        )

    def _resettable(self, field: str, value: T) -> T | Unset:
        """Words and bounds can be taken back: null resets them, absence keeps them."""
        return value if field in self.model_fields_set else UNSET


def _given(value: T | None) -> T | Unset:
    return UNSET if value is None else value
