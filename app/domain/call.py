"""A tool call as data, and the pure rules on its way."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from app.domain.durations import check_duration
from app.domain.names import check_server_name, check_tool_name

MAX_TIMEOUT_SECONDS = 3600.0


class ToolCall(NamedTuple):
    """What a caller asks for; without a timeout the server's setting decides."""

    server_name: str
    tool_name: str
    arguments: Mapping[str, object]
    username: str | None = None
    timeout_seconds: float | None = None


class Refusal(dict[str, object]):
    """A result made here in the server's stead: the arguments do not fit, and nothing was sent."""

    def __init__(self, problem: str) -> None:
        super().__init__(content=[{"type": "text", "text": problem}], isError=True)


class ToolOutcome(NamedTuple):
    """What the tool answered.

    `raw` is the MCP result as the server sent it, after redaction; `text` is the same as JSON.
    """

    call_id: str
    raw: Mapping[str, object]
    text: bytes
    duration_milliseconds: float

    @property
    def is_error(self) -> bool:
        """Whether the tool itself reported failure (MCP spec, Tools, Error Handling)."""
        return self.raw.get("isError") is True


def check_call(call: ToolCall) -> None:
    """Accept a call with well-formed names and a deadline of up to an hour.

    Raises:
        AppError: INVALID_INPUT.
    """
    _check_names(call.server_name, call.tool_name)
    if call.timeout_seconds is not None:
        check_duration(
            call.timeout_seconds, MAX_TIMEOUT_SECONDS, words="timeout", field="timeoutSeconds"
        )


@lru_cache(maxsize=1000)  # most calls have the same few names, and what is refused is not kept
def _check_names(server_name: str, tool_name: str) -> None:
    check_server_name(server_name, "serverName")
    check_tool_name(tool_name, "toolName")


def merge_arguments(
    arguments: Mapping[str, object],
    secrets: Mapping[str, str],
    schema: Mapping[str, object],
) -> dict[str, object]:
    """The arguments to send: the caller's, overridden by the caller's secrets of the same name.

    A secret is left out only where the tool's schema forbids unknown properties
    (`additionalProperties: false`) and does not name it.
    """
    if schema.get("additionalProperties") is False:
        properties = schema.get("properties")
        named = properties if isinstance(properties, dict) else {}
        secrets = {name: value for name, value in secrets.items() if name in named}
    return {**arguments, **secrets}
