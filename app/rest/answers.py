"""The answers, in camelCase: mypy checks what the door renders against them.

Nothing is validated again when a request is served; the tests check every answer against the
OpenAPI document, which is made from these types.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.domain.delivery import Delivery
from app.domain.errors import ErrorCode
from app.domain.server import Isolation, ServerStatus, Transport
from app.rest.fields import JsonObject

AnyJson = Annotated[Any, WithJsonSchema({"description": "Any JSON."})]
OpenApiBody = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "An OpenAPI 3.1 document.",
            "required": ["openapi", "info", "paths"],
            "additionalProperties": True,
        }
    ),
]
CLOSED = ConfigDict(extra="forbid", use_enum_values=True)
At = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@with_config(CLOSED)
class Failure(TypedDict):
    """Why there is no answer. Every failure looks like this."""

    success: Literal[False]
    error: Annotated[str, Field(description="What happened, and what to do about it.")]
    code: Annotated[ErrorCode, Field(description="The reason, for programs.")]


@with_config(CLOSED)
class ToolBody(TypedDict):
    """A tool, as its server listed it; without the arguments that declared secrets fill."""

    name: str
    title: NotRequired[str]
    description: NotRequired[str]
    inputSchema: Annotated[JsonObject, Field(description="The JSON Schema of its arguments.")]
    outputSchema: NotRequired[JsonObject]
    annotations: NotRequired[JsonObject]


@with_config(CLOSED)
class DeclaredSecret(TypedDict):
    """What a server wants with a secret."""

    name: str
    delivery: Delivery
    target: Annotated[str, Field(description="The argument, variable, header or parameter.")]
    template: Annotated[str, Field(description="What surrounds the value.")]
    required: bool
    description: str | None


@with_config(CLOSED)
class AccessRules(TypedDict):
    """Who may see and call a server, and which of its tools; null: everybody, all."""

    users: list[str] | None
    groups: list[str] | None
    allowedTools: list[str] | None
    deniedTools: list[str]
    renamedTools: dict[str, str]
    readOnly: bool


@with_config(CLOSED)
class ServerBody(TypedDict):
    """A server: `command`, `args` and `env` of a program, or `url` and `headers` of an address."""

    name: str
    displayName: str
    description: str | None
    transportType: Transport
    command: NotRequired[str]
    args: NotRequired[list[str]]
    env: NotRequired[dict[str, str]]
    url: NotRequired[str | None]
    headers: NotRequired[dict[str, str]]
    allowsPrivateNetwork: NotRequired[bool | None]
    secretNames: list[str]
    secrets: list[DeclaredSecret]
    masksResults: bool
    status: ServerStatus
    enabled: bool
    startupTimeout: Annotated[int, Field(description="Milliseconds.")]
    callTimeout: Annotated[int, Field(description="Milliseconds.")]
    idleTimeout: Annotated[int | None, Field(description="Milliseconds.")]
    isolation: Isolation
    maxConcurrentCalls: int | None
    maxSessions: int | None
    access: Annotated[AccessRules | None, Field(description="null for who may not know.")]
    toolsList: list[ToolBody]
    logs: Annotated[list[str], Field(description="The last lines the server wrote to stderr.")]


@with_config(ConfigDict(extra="allow"))
class ToolResultBody(TypedDict):
    """The MCP tool result, as the server gave it; a tool that failed says so in `isError`."""

    content: NotRequired[list[dict[str, Any]]]
    structuredContent: NotRequired[Any]
    isError: NotRequired[bool]


@with_config(CLOSED)
class Done(TypedDict):
    """It is done."""

    success: Literal[True]


class Healthy(Done):
    """Requests can be served."""

    status: Literal["ok"]


class ServerAnswer(Done):
    """One server."""

    server: ServerBody


class ServersAnswer(Done):
    """Every server."""

    servers: list[ServerBody]


class ToolsAnswer(Done):
    """The tools of enabled servers: one object a server, with its name as the only field."""

    tools: list[dict[str, list[ToolBody]]]


class ToolResultAnswer(Done):
    """What a tool answered."""

    data: ToolResultBody
