"""An MCP server over stdio that lists what a file says, standard library only.

`listed.py FILE [RECORD]`: FILE holds `{"tools": […], "structured": {tool: value}}`. Every tool answers
with its arguments as text, after `pause` seconds, and with its structured content if there is some;
`fail` reports failure, and `reload` reads the file again and tells that the tools have changed. With
RECORD, the beginning and end of every call is a line of that file.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

FILE = Path(sys.argv[1])
RECORD = Path(sys.argv[2]) if len(sys.argv) > 2 else None
listing: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
_writing = threading.Lock()


def send(message: dict[str, Any]) -> None:
    with _writing:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def record(entry: object) -> None:
    if RECORD is not None:
        with _writing, RECORD.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def call(request_id: object, name: str, given: dict[str, Any]) -> None:
    record({"began": name, "arguments": given})
    if name == "reload":
        listing.update(json.loads(FILE.read_text(encoding="utf-8")))
        send({"method": "notifications/tools/list_changed"})
    time.sleep(float(given.get("pause") or 0))
    text = json.dumps(given, sort_keys=True)
    result: dict[str, Any] = {"content": [{"type": "text", "text": text}]}
    if name == "fail":
        result["isError"] = True
    if name in listing.get("structured", {}):
        result["structuredContent"] = listing["structured"][name]
    record({"ended": name})
    send({"id": request_id, "result": result})


def answer(message: dict[str, Any]) -> None:
    request_id, method, params = message["id"], message["method"], message.get("params") or {}
    if method == "initialize":
        result: dict[str, Any] = {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "listed", "version": "0"},
        }
        send({"id": request_id, "result": result})
    elif method == "tools/list":
        send({"id": request_id, "result": {"tools": listing["tools"]}})
    elif method == "tools/call":
        arguments = (request_id, params["name"], params.get("arguments") or {})
        threading.Thread(target=call, args=arguments, daemon=True).start()
    elif method == "ping":
        send({"id": request_id, "result": {}})
    else:
        send({"id": request_id, "error": {"code": -32601, "message": "unknown method"}})


for line in sys.stdin:
    received = json.loads(line)
    if "id" in received and "method" in received:
        answer(received)
    elif received.get("method") == "notifications/cancelled":
        record({"cancelled": True})
