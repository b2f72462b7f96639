"""Agreeing on a protocol revision, and what each revision wants on every request.

Revisions up to 2025-11-25 begin with `initialize`; 2026-07-28 has no handshake, but repeats who
is asking with every request (MCP spec 2026-07-28, Basic Protocol).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
    mcp_param_headers,
    x_mcp_header_map,
)
from mcp.types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    LOG_LEVEL_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    Implementation,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from app import __version__
from app.domain.log_level import LogLevel
from app.sessions.wire import ConnectionClosed

CLIENT = Implementation(name="mcp-api", version=__version__)
_CLIENT_INFO = CLIENT.model_dump(by_alias=True, mode="json", exclude_none=True)
# What we offer to servers of every era: elicitations are answered, with a decline.
CAPABILITIES: Mapping[str, Any] = {"elicitation": {"form": {}, "url": {}}}


class Verdict(StrEnum):
    """What a server turned out to speak; remembered, so that it is asked only once."""

    HANDSHAKE = "handshake"
    MODERN = "modern"
    SSE = "sse"


async def agree(client: ClientSession, *, known: Verdict | None, is_modern_first: bool) -> Verdict:
    """Agree on a revision with the server.

    Over stdio `initialize` comes first: old servers may ignore or die of anything else. Over
    HTTP a server says at once that it does not know `server/discover`.

    Raises:
        MCPError: It refused both; the error is the answer to the first attempt.
        RuntimeError, ValueError: It answered what is no MCP.
    """
    if known is not None:
        is_modern_first = known is Verdict.MODERN
    order = (
        [Verdict.MODERN, Verdict.HANDSHAKE]
        if is_modern_first
        else [Verdict.HANDSHAKE, Verdict.MODERN]
    )
    try:
        await _attempt(client, order[0])
    except ConnectionClosed:
        raise
    except (MCPError, ValueError) as error:
        try:
            await _attempt(client, order[1])
        except (MCPError, RuntimeError, ValueError) as second:
            raise _telling(error, second, is_modern_first=is_modern_first) from None
        return order[1]
    return order[0]


async def _attempt(client: ClientSession, verdict: Verdict) -> None:
    if verdict is Verdict.HANDSHAKE:
        await client.initialize()
        return
    try:
        await client.discover()
    except RuntimeError as error:  # it answers discovery, but names no modern revision
        raise ValueError(str(error)) from None


def _telling(first: Exception, second: Exception, *, is_modern_first: bool) -> Exception:
    """The error that says more: what became of `initialize`, unless the server has gone."""
    if isinstance(second, ConnectionClosed) or is_modern_first:
        return second
    return first


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a revision wants on every request."""

    version: str
    log_level: LogLevel | None
    is_modern: bool = field(init=False)
    """Whether requests carry who is asking."""

    def __post_init__(self) -> None:
        """Know the era once and for all."""
        object.__setattr__(self, "is_modern", self.version in MODERN_PROTOCOL_VERSIONS)

    def params(self, params: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The params to send."""
        if not self.is_modern:
            return params
        meta: dict[str, Any] = {
            **((params or {}).get("_meta") or {}),
            PROTOCOL_VERSION_META_KEY: self.version,
            CLIENT_INFO_META_KEY: _CLIENT_INFO,
            CLIENT_CAPABILITIES_META_KEY: CAPABILITIES,
        }
        if self.log_level is not None:
            meta.setdefault(LOG_LEVEL_META_KEY, self.log_level.value)
        return {**(params or {}), "_meta": meta}

    def headers(
        self, method: str, params: Mapping[str, Any] | None, schema: Mapping[str, Any] | None
    ) -> dict[str, str]:
        """The headers to send, for transports that have any; `schema` is a called tool's."""
        headers = {MCP_PROTOCOL_VERSION_HEADER: self.version}
        if not self.is_modern:
            return headers
        headers[MCP_METHOD_HEADER] = method
        given = params or {}
        name = given.get(NAME_BEARING_METHODS.get(method, ""))
        if isinstance(name, str):
            headers[MCP_NAME_HEADER] = encode_header_value(name)
        if schema is not None:
            headers |= mcp_param_headers(x_mcp_header_map(schema), given.get("arguments") or {})
        return headers
