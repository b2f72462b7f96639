"""An MCP server over stdio with all that servers can have, standard library only.

`everything.py [RECORD]`: with RECORD, every message received is appended to that file as a line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

RECORD = Path(sys.argv[1]) if len(sys.argv) > 1 else None
NAMES = ["ada", "albert", "alice", "bob"]
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
tools: list[dict[str, Any]] = [
    {"name": "count", "inputSchema": {"type": "object"}},
    {"name": "echo", "inputSchema": TEXT},
    {"name": "grow", "inputSchema": {"type": "object"}},
    {"name": "wait", "inputSchema": {"type": "object"}},
]
resources: list[dict[str, Any]] = [
    {"uri": "note://b", "name": "b", "mimeType": "text/plain", "x-vendor": {"kept": [1]}},
    {"uri": "note://a", "name": "a", "title": "A", "description": f"process {os.getpid()}"},
    {"uri": "note://bytes", "mimeType": "image/png"},
]
templates: list[dict[str, Any]] = [{"uriTemplate": "note://{name}", "name": "note"}]
prompts: list[dict[str, Any]] = [
    {
        "name": "greet",
        "title": "Greet",
        "description": "A greeting.",
        "arguments": [{"name": "name", "description": "Whom.", "required": True}, {"name": "how"}],
    },
    {"name": "bare"},
]
_writing = threading.Lock()
_threads: dict[object, threading.Event] = {}


def send(message: dict[str, Any]) -> None:
    with _writing:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}], "isError": False}


def tell(token: object, **progress: object) -> None:
    if token is not None:
        params = {"progressToken": token, **progress}
        send({"method": "notifications/progress", "params": params})


def work(request_id: object, name: str, given: dict[str, Any], token: object) -> None:
    """`count` reports each step and pauses after it; `wait` reports once, and goes on for ever."""
    stopped = _threads[request_id]
    if name == "wait":
        tell(token, progress=1, message="waiting")
        stopped.wait()
        return
    steps, pause = int(given.get("steps", 3)), float(given.get("pause", 0))
    words = str(given.get("words", "step"))
    for step in range(1, steps + 1):
        log = {"level": "info", "logger": "counter", "data": {"at": step, "words": words}}
        send({"method": "notifications/message", "params": log})
        tell(token, progress=step, total=steps, message=f"{words} {step}")
        if stopped.wait(pause):
            return
    send({"id": request_id, "result": text(f"counted to {steps}")})


def grow(request_id: object) -> None:
    tools.append({"name": "grown", "inputSchema": {"type": "object"}})
    resources.append({"uri": "note://grown", "name": "grown"})
    prompts.append({"name": "grown"})
    for kind in ("tools", "resources", "prompts"):
        send({"method": f"notifications/{kind}/list_changed"})
    send({"id": request_id, "result": text("grown")})


def call(request_id: object, params: dict[str, Any]) -> None:
    name, given = params["name"], params.get("arguments") or {}
    if name == "echo":
        send({"id": request_id, "result": text(str(given["text"]))})
    elif name == "grow":
        grow(request_id)
    else:
        token = (params.get("_meta") or {}).get("progressToken")
        _threads[request_id] = threading.Event()
        arguments = (request_id, name, given, token)
        threading.Thread(target=work, args=arguments, daemon=True).start()


def read(uri: str) -> dict[str, Any] | None:
    if uri == "note://bytes":
        return {"contents": [{"uri": uri, "mimeType": "image/png", "blob": "AAEC"}]}
    if uri in ("note://a", "note://b"):
        part = {"uri": uri, "mimeType": "text/plain", "text": f"the note {uri[-1]}"}
        return {"contents": [part], "x-vendor": 1}
    return None


def get_prompt(params: dict[str, Any]) -> dict[str, Any] | None:
    if params["name"] != "greet":
        return None
    words = f"Say hello to {(params.get('arguments') or {}).get('name')}."
    message = {"role": "user", "content": {"type": "text", "text": words}}
    return {"description": "A greeting.", "messages": [message]}


def complete(params: dict[str, Any]) -> dict[str, Any]:
    found = [name for name in NAMES if name.startswith(params["argument"]["value"])]
    return {"completion": {"values": found[:2], "total": len(found), "hasMore": len(found) > 2}}


def initialized() -> dict[str, Any]:
    changes = {"listChanged": True}
    return {
        "protocolVersion": "2025-06-18",
        "capabilities": {
            "tools": changes, "resources": changes, "prompts": changes,
            "completions": {}, "logging": {},
        },
        "serverInfo": {"name": "everything", "version": "0"},
    }  # fmt: skip


def page_of_resources(cursor: str | None) -> dict[str, Any]:
    """Two to a page."""
    start = int(cursor or 0)
    page: dict[str, Any] = {"resources": resources[start : start + 2]}
    return {**page, "nextCursor": str(start + 2)} if start + 2 < len(resources) else page


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    answers: dict[str, Any] = {
        "initialize": initialized,
        "ping": dict,
        "logging/setLevel": dict,
        "tools/list": lambda: {"tools": tools},
        "resources/list": lambda: page_of_resources(params.get("cursor")),
        "resources/templates/list": lambda: {"resourceTemplates": templates},
        "resources/read": lambda: read(params["uri"]),
        "prompts/list": lambda: {"prompts": prompts},
        "prompts/get": lambda: get_prompt(params),
        "completion/complete": lambda: complete(params),
    }
    found: dict[str, Any] | None = answers[method]() if method in answers else None
    return found


def receive(message: dict[str, Any]) -> None:
    method, request_id = message.get("method", ""), message.get("id")
    params = message.get("params") or {}
    if method == "tools/call":
        call(request_id, params)
    elif method == "notifications/cancelled":
        stopped = _threads.get(params.get("requestId"))
        if stopped is not None:
            stopped.set()
    elif method == "resources/read" and params["uri"] == "note://never":
        return  # and no answer ever
    elif request_id is not None:
        result = answer(method, params)
        if result is None:
            send({"id": request_id, "error": {"code": -32002, "message": "There is none"}})
        else:
            send({"id": request_id, "result": result})


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if RECORD is not None:
            with RECORD.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")
        receive(message)


if __name__ == "__main__":
    main()
