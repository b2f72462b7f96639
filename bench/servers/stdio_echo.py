"""An MCP server over stdio that does next to nothing: one tool, which echoes.

Standard library only, one message at a time, one write for each answer.
"""

import json
import os
import sys
from typing import Any

TOOL = {
    "name": "echo",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
}


def result_of(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request; None for a method it does not know."""
    if method == "tools/call":
        text = params["arguments"]["text"]
        return {"content": [{"type": "text", "text": text}], "isError": False}
    if method == "initialize":
        return {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "echo", "version": "0"},
        }
    if method == "tools/list":
        return {"tools": [TOOL]}
    return {} if method == "ping" else None


def answer_to(message: dict[str, Any]) -> dict[str, Any] | None:
    """The answer to a message, if it wants one."""
    if "id" not in message:
        return None
    result = result_of(message["method"], message.get("params") or {})
    if result is None:
        error = {"code": -32601, "message": "Method not found"}
        return {"jsonrpc": "2.0", "id": message["id"], "error": error}
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


def main() -> None:
    """Answer until stdin ends."""
    stdout = sys.stdout.fileno()
    for line in sys.stdin.buffer:
        answer = answer_to(json.loads(line))
        if answer is not None:
            os.write(stdout, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
