"""The request bodies, in camelCase.

Strict: a number is not a string, and an unknown field is a mistake.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.domain.call import ToolCall
from app.domain.npm import LATEST
from app.domain.package import InstallRequest, Runtime
from app.domain.server import (
    DEFAULT_STARTUP_SECONDS,
    ServerChanges,
    ServerSettings,
    Transport,
)
from app.domain.unset import UNSET, Unset

# Enums arrive as JSON strings; in a strict model that has to be said.
RuntimeName = Annotated[Runtime, Field(strict=False)]
TransportName = Annotated[Transport, Field(strict=False)]


class Body(BaseModel):
    """A JSON object. An optional field set to null counts as left out."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, hide_input_in_errors=True
    )


class InstallBody(Body):
    """`POST /packages/install`."""

    name: str
    server_name: str
    version: str | None = None
    command: str | None = None
    args: list[str] | None = None
    env: dict[str, str] | None = None
    enabled: bool | None = None
    secret_names: list[str] | None = None
    secret_name: str | None = None
    runtime: RuntimeName | None = None
    startup_timeout: float | None = None
    fail_on_warning: bool | None = None
    allow_scripts: bool | None = None
    display_name: str | None = None
    description: str | None = None

    def request(self) -> InstallRequest:
        """The request as domain data."""
        return InstallRequest(
            name=self.name,
            server_name=self.server_name,
            version=self.version or LATEST,
            runtime=self.runtime or Runtime.NODE,
            command=self.command,
            args=tuple(self.args or ()),
            env=self.env or {},
            secret_names=_secret_names(self.secret_names, self.secret_name),
            allow_scripts=bool(self.allow_scripts),
            fails_on_warning=bool(self.fail_on_warning),
            is_enabled=self.enabled is not False,
            display_name=self.display_name,
            description=self.description,
            startup_timeout_seconds=_seconds(self.startup_timeout),
        )


class ToolCallBody(Body):
    """`POST /mcp/tool/call`."""

    username: str | None = None
    server_name: str
    method_name: str
    args: dict[str, Any] | None = None

    def call(self) -> ToolCall:
        """The call as domain data."""
        return ToolCall(
            server_name=self.server_name,
            tool_name=self.method_name,
            arguments=self.args or {},
            username=self.username,
        )


class AddServerBody(Body):
    """`POST /mcp/servers`."""

    name: str
    command: str
    args: list[str] | None = None
    env: dict[str, str] | None = None
    transport_type: TransportName | None = None
    secret_names: list[str] | None = None
    secret_name: str | None = None
    startup_timeout: float | None = None
    enabled: bool | None = None
    display_name: str | None = None
    description: str | None = None

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
            secret_names=_secret_names(self.secret_names, self.secret_name),
            startup_timeout_seconds=_seconds(self.startup_timeout),
            is_enabled=self.enabled is not False,
        )


class UpdateServerBody(Body):
    """`PUT /mcp/servers/:name`: what is left out stays as it is."""

    command: str | None = None
    args: list[str] | None = None
    env: dict[str, str] | None = None
    transport_type: TransportName | None = None
    secret_names: list[str] | None = None
    secret_name: str | None = None
    startup_timeout: float | None = None
    enabled: bool | None = None
    display_name: str | None = None
    description: str | None = None

    def changes(self) -> ServerChanges:
        """The changes as domain data."""
        has_secrets = self.secret_names is not None or self.secret_name is not None
        return ServerChanges(
            command=UNSET if self.command is None else self.command,
            args=UNSET if self.args is None else tuple(self.args),
            env=UNSET if self.env is None else self.env,
            transport=UNSET if self.transport_type is None else self.transport_type,
            secret_names=_secret_names(self.secret_names, self.secret_name)
            if has_secrets
            else UNSET,
            startup_timeout_seconds=UNSET
            if self.startup_timeout is None
            else _seconds(self.startup_timeout),
            is_enabled=UNSET if self.enabled is None else self.enabled,
            display_name=self._words("display_name"),
            description=self._words("description"),
        )

    def _words(self, field: str) -> str | Unset | None:
        """Words for people can be taken back: null resets them, absence keeps them."""
        if field not in self.model_fields_set:
            return UNSET
        value: str | None = getattr(self, field)
        return value


class SetSecretBody(Body):
    """`POST /secrets/set`."""

    username: str | None = None
    server_name: str
    secret_name: str
    secret_value: str = Field(repr=False)


class DeleteSecretBody(Body):
    """`POST /secrets/delete`."""

    username: str | None = None
    server_name: str
    secret_name: str


def _secret_names(names: list[str] | None, old: str | None) -> tuple[str, ...]:
    """The list and the older single field, as one."""
    extra = () if old is None or old in (names or ()) else (old,)
    return (*(names or ()), *extra)


def _seconds(milliseconds: float | None) -> float:
    return DEFAULT_STARTUP_SECONDS if milliseconds is None else milliseconds / 1000
