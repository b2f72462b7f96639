"""JSON-RPC messages as MCP uses them: written, read, and matched by their ids."""

from collections.abc import Mapping
from typing import Any

import orjson
from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, RequestId

from app.sessions.wire import UnsendableMessage

AS_LINE = orjson.OPT_APPEND_NEWLINE


def key_of(request_id: object) -> RequestId:
    """A request id as we minted it: some servers send our numbers back as strings."""
    if type(request_id) is int:
        return request_id
    if not isinstance(request_id, str):
        return -1
    return int(request_id) if request_id.isdecimal() and len(request_id) < 16 else request_id


def notification(method: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """A message that wants no answer."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return message


def request(
    request_id: RequestId, method: str, params: Mapping[str, Any] | None, *, has_progress: bool
) -> dict[str, Any]:
    """A message that wants an answer; with `has_progress` its id is its progress token."""
    if has_progress:
        meta = {**((params or {}).get("_meta") or {}), "progressToken": request_id}
        params = {**(params or {}), "_meta": meta}
    message: dict[str, Any] = {"id": request_id, "jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return message


def cancelled(request_id: RequestId, reason: str) -> dict[str, Any]:
    """Nobody waits for that request any more (MCP spec, Cancellation)."""
    return notification("notifications/cancelled", {"requestId": request_id, "reason": reason})


def encode(message: Mapping[str, Any], option: int = 0) -> bytes:
    """The message as JSON, or with `AS_LINE` a line of it.

    Raises:
        UnsendableMessage: It holds what JSON cannot carry.
    """
    try:
        return orjson.dumps(message, option=option)
    except TypeError as error:
        raise UnsendableMessage(str(error)) from None


def error_of(error: object) -> MCPError:
    """The `error` of an answer; servers have been seen that send neither that nor a result."""
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        return MCPError(error["code"], str(error.get("message", "")), error.get("data"))
    return MCPError(INTERNAL_ERROR, "The server's answer has neither a result nor an error")
