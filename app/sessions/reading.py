"""Reading what servers send: as JSON, or as near to it as some of them write."""

import json

import orjson
from mcp.types import INTERNAL_ERROR

from app.sessions.lines import KEPT_BYTES, Overlong

# orjson writes 254 levels; the rest is for what answers of ours wrap around a server's.
MAX_DEPTH = 200
# A level takes at least a bracket at either end.
_SHORTEST_TOO_DEEP = 2 * (MAX_DEPTH + 1)
_WRAPPERS = 254 - MAX_DEPTH


class Unreadable(Exception):
    """The data is no message."""


def read_message(data: bytes) -> object:
    """The JSON value; an error in its place where it is an answer that cannot be handed on.

    Characters that are none (half a surrogate pair, bytes that are no UTF-8) are replaced.

    Raises:
        Unreadable: It is no JSON, or nested too deeply, and answers no request that can be told.
    """
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError:
        message = _repaired(data)
    if len(data) < _SHORTEST_TOO_DEEP or not _is_too_deep(data, message):
        return message
    if not isinstance(message, dict) or "method" in message:
        raise Unreadable
    return _error(message.get("id"), f"The answer is nested more than {MAX_DEPTH} levels deep")


def _repaired(data: bytes) -> object:
    """The message with its broken characters replaced, or an error in its place."""
    if not data.lstrip().startswith(b"{"):
        raise Unreadable
    try:
        lenient = json.loads(data.decode(errors="replace"))
        text = json.dumps(lenient, ensure_ascii=False).encode(errors="replace")
        return orjson.loads(text)
    except (ValueError, RecursionError):
        ends = Overlong(data[:KEPT_BYTES], data[-KEPT_BYTES:])
        if b'"method"' in data or (found := ends.message_id()) is None:
            raise Unreadable from None
        return _error(found, "The answer is no JSON that can be read")


def _is_too_deep(data: bytes, message: object) -> bool:
    if not _has_many_brackets(data):
        return False
    for _ in range(_WRAPPERS):
        message = [message]
    try:
        orjson.dumps(message)
    except orjson.JSONEncodeError:
        return True
    return False


def _has_many_brackets(data: bytes) -> bool:
    """Whether more are opened than may lie in each other. `count` would look at every byte."""
    left = MAX_DEPTH
    for bracket in (b"{", b"["):
        at = data.find(bracket)
        while at >= 0:
            left -= 1
            if left < 0:
                return True
            at = data.find(bracket, at + 1)
    return False


def _error(message_id: object, told: str) -> dict[str, object]:
    error = {"code": INTERNAL_ERROR, "message": told}
    return {"jsonrpc": "2.0", "id": message_id, "error": error}
