"""A small MCP server over stdio that shows what reached it, standard library only.

It never repeats a value it was given, except where that is the misbehaviour under test (`leak`).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from typing import Any

_SCHEMA = {"type": "object", "properties": {}}
_SLOW_SCHEMA = {"type": "object", "properties": {"seconds": {"type": "number"}}}
_TOOLS = {
    "fingerprint": ("The sha256 of each string argument.", _SCHEMA),
    "pid": ("The process id of this server.", _SCHEMA),
    "environment": ("The environment variables this server was started with.", _SCHEMA),
    "leak": ("Writes its arguments to stderr and fails with them in the message.", _SCHEMA),
    "slow": ("Sleeps for the seconds asked for, then answers.", _SLOW_SCHEMA),
    "crash": ("Ends this server without an answer.", _SCHEMA),
}
_writing = threading.Lock()


def _send(message: dict[str, Any]) -> None:
    with _writing:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def _fingerprints(arguments: dict[str, Any]) -> dict[str, str]:
    return {
        name: hashlib.sha256(value.encode()).hexdigest()
        for name, value in sorted(arguments.items())
        if isinstance(value, str)
    }


def _text_of(tool: str, arguments: dict[str, Any]) -> str:
    if tool == "fingerprint":
        return json.dumps(_fingerprints(arguments))
    if tool == "pid":
        return str(os.getpid())
    if tool == "environment":
        return json.dumps(dict(os.environ))
    time.sleep(float(arguments.get("seconds", 0)))
    return "done"


def _call(request_id: object, tool: str, arguments: dict[str, Any]) -> None:
    if tool == "crash":
        os._exit(3)
    if tool == "leak":
        told = json.dumps(arguments, ensure_ascii=False)
        print(f"leaking {told}", file=sys.stderr, flush=True)
        message = f"could not work with {told}"
        _send({"id": request_id, "error": {"code": -32000, "message": message}})
    elif tool not in _TOOLS:
        message = f"Unknown tool: {tool}"
        _send({"id": request_id, "error": {"code": -32602, "message": message}})
    else:
        content = [{"type": "text", "text": _text_of(tool, arguments)}]
        _send({"id": request_id, "result": {"content": content, "isError": False}})


def _answer(message: dict[str, Any]) -> None:
    request_id, method = message["id"], message["method"]
    parameters = message.get("params") or {}
    if method == "initialize":
        result = {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "fingerprint", "version": "1.0.0"},
        }
        _send({"id": request_id, "result": result})
    elif method == "ping":
        _send({"id": request_id, "result": {}})
    elif method == "tools/list":
        tools = [
            {"name": name, "description": description, "inputSchema": schema}
            for name, (description, schema) in _TOOLS.items()
        ]
        _send({"id": request_id, "result": {"tools": tools}})
    elif method == "tools/call":
        arguments = parameters.get("arguments") or {}
        # A thread each: one slow call must not hold up the others.
        work = threading.Thread(
            target=_call, args=(request_id, parameters["name"], arguments), daemon=True
        )
        work.start()
    else:
        error = {"code": -32601, "message": f"Method not found: {method}"}
        _send({"id": request_id, "error": error})


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and "method" in message:
            _answer(message)


if __name__ == "__main__":
    main()
