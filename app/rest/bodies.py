"""The request bodies, in camelCase.

Strict: a number is not a string, and an unknown field is a mistake.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from app.domain.call import ToolCall
from app.domain.delivery import VALUE, Delivery, SecretBinding, bindings_for
from app.domain.errors import invalid
from app.rest.fields import (
    CallTimeout,
    JsonObject,
    SecretName,
    SecretValue,
    ServerName,
    Text,
    ToolName,
    Username,
    Words,
)

S = TypeVar("S")

# Enums arrive as JSON strings; in a strict model that has to be said.
DeliveryName = Annotated[Delivery, Field(strict=False)]


class Body(BaseModel):
    """A JSON object. An optional field set to null counts as left out."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, hide_input_in_errors=True
    )


class Query(BaseModel):
    """The parameters of a query string; a number or a boolean arrives as a text."""

    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)


class SecretBody(Body):
    """One entry of `secrets`: what a server wants with a secret."""

    name: SecretName
    delivery: DeliveryName | None = None
    target: Text | None = None
    template: Text | None = None
    required: bool | None = None
    description: Words | None = None

    def binding(self) -> SecretBinding:
        """The binding as domain data."""
        return SecretBinding(
            name=self.name,
            delivery=self.delivery or Delivery.ARGUMENT,
            target=self.name if self.target is None else self.target,
            template=VALUE if self.template is None else self.template,
            is_required=bool(self.required),
            description=self.description,
        )


class SecretsBody(Body):
    """The secrets of a server: declared, or the short way by name."""

    secrets: list[SecretBody] | None = None
    secret_names: list[SecretName] | None = None
    secret_name: SecretName | None = None

    def bindings(self) -> tuple[SecretBinding, ...] | None:
        """What is declared; None where nothing is.

        Raises:
            AppError: INVALID_INPUT for both ways at once.
        """
        if self.secrets is None:
            return None
        if self.names() is not None:
            raise invalid("Give either secrets or secretNames.", "secrets")
        return tuple(secret.binding() for secret in self.secrets)

    def names(self) -> tuple[str, ...] | None:
        """The list of names and the older single field as one; None where neither is given."""
        names, old = self.secret_names, self.secret_name
        if names is None and old is None:
            return None
        extra = () if old is None or old in (names or ()) else (old,)
        return (*(names or ()), *extra)

    def all_bindings(self) -> tuple[SecretBinding, ...]:
        """Every secret that is given either way; those by name are arguments.

        Raises:
            AppError: INVALID_INPUT for both ways at once.
        """
        declared = self.bindings()
        return bindings_for(self.names() or ()) if declared is None else declared


class ToolCallBody(Body):
    """`POST /mcp/tool/call`."""

    username: Username | None = None
    server_name: ServerName
    method_name: ToolName
    args: JsonObject | None = None
    timeout: CallTimeout | None = None

    def call(self) -> ToolCall:
        """The call as domain data."""
        return ToolCall(
            server_name=self.server_name,
            tool_name=self.method_name,
            arguments=self.args or {},
            username=self.username,
            timeout_seconds=seconds(self.timeout, None),
        )


class ArgumentsBody(RootModel[JsonObject]):
    """The arguments of a tool: an object that fits the tool's input schema."""


class SetSecretBody(Body):
    """`POST /secrets/set`."""

    username: Username | None = None
    server_name: ServerName
    secret_name: SecretName
    secret_value: SecretValue = Field(repr=False)


class DeleteSecretBody(Body):
    """`POST /secrets/delete`."""

    username: Username | None = None
    server_name: ServerName
    secret_name: SecretName


def seconds(milliseconds: float | None, otherwise: S) -> float | S:
    """A duration of REST in seconds; `otherwise` where none is given.

    What is more than nothing stays so, however little it is.
    """
    return otherwise if milliseconds is None else milliseconds / 1000 or milliseconds
