"""An MCP server over stdio whose tools answer in every way there is. Uses the standard library."""

import json
import sys
from typing import Any

CITY = {
    "type": "object",
    "properties": {"city": {"$ref": "#/$defs/City"}, "degrees": {"type": "number"}},
    "required": ["city", "degrees"],
    "$defs": {"City": {"type": "string", "minLength": 1}},
}
WEATHER = {"city": "Bern", "degrees": 21}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


ANSWERS: dict[str, dict[str, Any]] = {
    "text": {"content": [text("plain words")]},
    "json": {"content": [text('{"a": [1, 2]}')]},
    "number": {"content": [text("42")]},
    "structured": {"content": [text(json.dumps(WEATHER))], "structuredContent": WEATHER},
    "several": {"content": [text("one"), text('{"two": 2}')]},
    "nothing": {"content": []},
    "picture": {"content": [{"type": "image", "mimeType": "image/png", "data": "iVBORw0KGgo="}]},
    "link": {"content": [{"type": "resource_link", "uri": "note://a", "name": "a"}]},
    "with/slash": {"content": [text("with/slash")]},
    "grüezi": {"content": [text("grüezi")]},
    "openapi.json": {"content": [text("no document")]},
    "fails": {"content": [text("it is raining")], "isError": True},
}


def listed(name: str) -> dict[str, Any]:
    tool: dict[str, Any] = {"name": name, "inputSchema": {"type": "object"}}
    return {**tool, "outputSchema": CITY} if name == "structured" else tool


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    if method == "initialize":
        info = {"name": "tools", "version": "1"}
        return {
            "protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info,
        }  # fmt: skip
    if method == "tools/list":
        return {"tools": [listed(name) for name in ANSWERS]}
    if method == "tools/call":
        return ANSWERS.get(params["name"])
    return {} if method == "ping" else None


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        result = answer(message.get("method", ""), message.get("params") or {})
        error = {"code": -32601, "message": "there is no such thing"}
        told = {"error": error} if result is None else {"result": result}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **told}), flush=True)


main()
