"""The request bodies, in camelCase.

Strict: a number is not a string, and an unknown field is a mistake.
"""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.domain.call import ToolCall
from app.domain.npm import LATEST
from app.domain.package import InstallRequest, Runtime
from app.domain.server import DEFAULT_STARTUP_SECONDS

S = TypeVar("S")

# Enums arrive as JSON strings; in a strict model that has to be said.
RuntimeName = Annotated[Runtime, Field(strict=False)]


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
            secret_names=joined_names(self.secret_names, self.secret_name),
            allow_scripts=bool(self.allow_scripts),
            fails_on_warning=bool(self.fail_on_warning),
            is_enabled=self.enabled is not False,
            display_name=self.display_name,
            description=self.description,
            startup_timeout_seconds=seconds(self.startup_timeout, DEFAULT_STARTUP_SECONDS),
        )


class ToolCallBody(Body):
    """`POST /mcp/tool/call`."""

    username: str | None = None
    server_name: str
    method_name: str
    args: dict[str, Any] | None = None
    timeout: float | None = None

    def call(self) -> ToolCall:
        """The call as domain data."""
        return ToolCall(
            server_name=self.server_name,
            tool_name=self.method_name,
            arguments=self.args or {},
            username=self.username,
            timeout_seconds=seconds(self.timeout, None),
        )


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


def joined_names(names: list[str] | None, old: str | None) -> tuple[str, ...]:
    """A list of secrets and the older single field, as one."""
    extra = () if old is None or old in (names or ()) else (old,)
    return (*(names or ()), *extra)


def seconds(milliseconds: float | None, otherwise: S) -> float | S:
    """A duration of REST in seconds; `otherwise` where none is given."""
    return otherwise if milliseconds is None else milliseconds / 1000
