"""The types of single fields, as the OpenAPI document shows them.

The schemas are for readers: what is accepted is decided by the rules in `domain`, whose patterns
and bounds stand here too.
"""

import re
from typing import Annotated, Any

from pydantic import WithJsonSchema

from app.domain.address import HEADER_NAME
from app.domain.call import MAX_TIMEOUT_SECONDS
from app.domain.names import (
    ENVIRONMENT_NAME,
    MAX_LIST,
    MAX_SECRET_BYTES,
    MAX_TEXT,
    MAX_TOOL_NAME,
    MAX_USERNAME,
    RESERVED_ENVIRONMENT,
    SECRET_NAME,
    SERVER_NAME,
)
from app.domain.npm import NPM_NAME
from app.domain.pypi import PYPI_NAME
from app.domain.server_rules import MAX_COUNT, MAX_IDLE_SECONDS, MAX_STARTUP_SECONDS

NO_NUL = r"^[^\u0000]*$"
NO_CONTROLS = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"  # but tabs and line ends


def _whole(pattern: re.Pattern[str]) -> str:
    """The pattern for a whole text, as JSON Schema spells it."""
    return f"^(?:{pattern.pattern})$"


def _text(description: str, example: str, **bounds: object) -> WithJsonSchema:
    """The schema of a text."""
    schema = {"type": "string", "description": description, **bounds, "examples": [example]}
    return WithJsonSchema(schema)


def _milliseconds(description: str, most: float) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "number",
            "description": f"{description}, in milliseconds.",
            "exclusiveMinimum": 0,
            "maximum": most * 1000,
        }
    )


_PLAIN_TEXT: dict[str, Any] = {"type": "string", "maxLength": MAX_TEXT, "pattern": NO_NUL}

ServerName = Annotated[
    str, _text("The server's name.", "everything", pattern=_whole(SERVER_NAME))
]  # fmt: skip
PackageName = Annotated[
    str,
    _text(
        "The package's name in its registry.",
        "mcp-hello-world",
        maxLength=214,
        pattern=f"^(?:{NPM_NAME.pattern}|{PYPI_NAME.pattern})$",
    ),
]
ToolName = Annotated[
    str, _text("The tool's exact name.", "echo", minLength=1, maxLength=MAX_TOOL_NAME)
]
SecretName = Annotated[
    str, _text("The secret's name.", "apiKey", pattern=_whole(SECRET_NAME))
]  # fmt: skip
SecretValue = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "format": "password",
            "writeOnly": True,
            "description": "The secret itself, up to 64 KiB; it cannot be read back.",
            "minLength": 1,
            "maxLength": MAX_SECRET_BYTES,
            "pattern": NO_CONTROLS,
        }
    ),
]
Username = Annotated[
    str,
    _text(
        "For whom; left out: the caller, who is `default` without authentication.",
        "alice",
        minLength=1,
        maxLength=MAX_USERNAME,
    ),
]
Text = Annotated[str, WithJsonSchema(_PLAIN_TEXT)]
Words = Annotated[str, WithJsonSchema({**_PLAIN_TEXT, "description": "Words for people."})]
Command = Annotated[
    str,
    WithJsonSchema(
        {**_PLAIN_TEXT, "minLength": 1, "description": "The program that starts the server."}
    ),
]
Arguments = Annotated[
    list[str],
    WithJsonSchema(
        {
            "type": "array",
            "items": _PLAIN_TEXT,
            "maxItems": MAX_LIST,
            "description": "The program's arguments.",
        }
    ),
]
Environment = Annotated[
    dict[str, str],
    WithJsonSchema(
        {
            "type": "object",
            "description": "The program's environment, beside a small one of every server's.",
            "maxProperties": MAX_LIST,
            "propertyNames": {
                "pattern": f"^(?!(?:{RESERVED_ENVIRONMENT.pattern})$)"
                f"(?:{ENVIRONMENT_NAME.pattern})$"
            },
            "additionalProperties": {
                "type": "string", "maxLength": MAX_SECRET_BYTES, "pattern": NO_NUL,
            },
        }
    ),
]  # fmt: skip
Headers = Annotated[
    dict[str, str],
    WithJsonSchema(
        {
            "type": "object",
            "description": "Headers of every request to the server.",
            "propertyNames": {"pattern": _whole(HEADER_NAME)},
            "additionalProperties": {
                "type": "string", "maxLength": 8192, "pattern": r"^[\t\x20-\x7e]*$",
            },
        }
    ),
]  # fmt: skip
Address = Annotated[
    str,
    _text(
        "An http:// or https:// address without a password.",
        "http://127.0.0.1:9000/mcp",
        maxLength=MAX_TEXT,
    ),
]
StartupTimeout = Annotated[
    float, _milliseconds("How long a start may take", MAX_STARTUP_SECONDS)
]  # fmt: skip
CallTimeout = Annotated[
    float, _milliseconds("How long a call may take without progress", MAX_TIMEOUT_SECONDS)
]
IdleTimeout = Annotated[
    float, _milliseconds("After how long without a call a session ends", MAX_IDLE_SECONDS)
]
Count = Annotated[
    int, WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_COUNT})
]  # fmt: skip
JsonObject = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": True})
]
