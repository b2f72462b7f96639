"""An MCP server over stdio that misbehaves as its first argument says, standard library only.

`subject.py MODE [RECORD]`: with RECORD, every message received is appended to that file as a line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODE = sys.argv[1]
RECORD = Path(sys.argv[2]) if len(sys.argv) > 2 else None
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}
PLAIN_TOOLS: list[Any] = [
    {"name": name, "inputSchema": SCHEMA}
    for name in (
        "echo", "pid", "sleep", "crash", "huge", "grow", "fail", "refuse", "odd", "deaf", "at-work",
    )
]  # fmt: skip
_writing = threading.Lock()
_hearing = threading.Event()
_hearing.set()
tools = list(PLAIN_TOOLS)
at_work: list[object] = []


def record(entry: object) -> None:
    if RECORD is not None:
        with RECORD.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def send(message: dict[str, Any]) -> None:
    with _writing:
        if MODE == "garbage":
            sys.stdout.write("DEBUG this is no JSON\n[1, 2]\n{\n")
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def answer(request_id: object, result: object) -> None:
    send({"id": str(request_id) if MODE == "string-ids" else request_id, "result": result})


def refuse(request_id: object, message: str) -> None:
    send({"id": request_id, "error": {"code": -32000, "message": message}})


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}], "isError": False}


def list_page(cursor: str | None) -> dict[str, Any]:
    number = int(cursor or 0)
    if MODE == "pages":
        page: dict[str, Any] = {"tools": [{"name": f"tool-{number}", "inputSchema": SCHEMA}]}
        return page if number == 4 else {**page, "nextCursor": str(number + 1)}
    if MODE == "endless-pages":
        entry = {"name": f"tool-{number}", "inputSchema": SCHEMA}
        return {"tools": [entry], "nextCursor": str(number + 1)}
    if MODE == "same-cursor":
        return {"tools": [{"name": "only", "inputSchema": SCHEMA}], "nextCursor": "0"}
    if MODE == "odd-tools":
        good = {"name": "good", "inputSchema": {}, "x-vendor": {"kept": [1]}}
        return {
            "tools": [{"inputSchema": {}}, "no tool", None, {"name": 3}, good, {"name": "bare"}]
        }
    return {"tools": tools}


def grow(request_id: object) -> None:
    tools.append({"name": "grown", "inputSchema": SCHEMA})
    send({"method": "notifications/tools/list_changed"})
    answer(request_id, text("grown"))


def pause(request_id: object, seconds: float) -> None:
    time.sleep(seconds)
    answer(request_id, text("woke up"))


def work_aside(request_id: object, seconds: float) -> None:
    """Answer how many such calls were at work at once."""
    at_work.append(request_id)
    now = len(at_work)
    time.sleep(seconds)
    at_work.remove(request_id)
    answer(request_id, text(str(now)))


def deafen(request_id: object) -> None:
    """Stop reading stdin for good."""
    _hearing.clear()
    answer(request_id, text("deaf"))


def call(request_id: object, name: str, arguments: dict[str, Any]) -> None:
    calls: dict[str, Callable[[], None]] = {
        "echo": lambda: answer(request_id, text(str(arguments.get("text", "")))),
        "pid": lambda: answer(request_id, text(str(os.getpid()))),
        "sleep": lambda: pause(request_id, float(arguments["seconds"])),
        "crash": lambda: os._exit(3),
        "huge": lambda: answer(request_id, text("x" * int(arguments["size"]))),
        "grow": lambda: grow(request_id),
        "fail": lambda: answer(request_id, {**text("it failed"), "isError": True}),
        "refuse": lambda: refuse(request_id, "I would rather not"),
        "odd": lambda: answer(request_id, ["no", "object"]),
        "deaf": lambda: deafen(request_id),
        "at-work": lambda: work_aside(request_id, float(arguments["seconds"])),
    }
    calls[name]()


def initialized(request_id: object) -> None:
    if MODE == "refuses-initialize":
        refuse(request_id, "not today")
        return
    version = "1900-01-01" if MODE == "ancient" else "2025-06-18"
    result = {
        "protocolVersion": version,
        "capabilities": {"tools": {"listChanged": True}},
        "serverInfo": {"name": "subject", "version": "0"},
    }
    answer(request_id, "no object" if MODE == "nonsense" else result)


def receive(message: dict[str, Any]) -> None:
    method, request_id = message.get("method"), message.get("id")
    if method == "initialize":
        initialized(request_id)
    elif method == "notifications/initialized" and MODE == "asks":
        send({"id": "theirs-1", "method": "roots/list"})
        send({"id": "theirs-2", "method": "ping"})
        send({"id": "theirs-3", "method": "no/such/method", "params": [1]})
        send({"id": 4711, "result": {}})
        send({"id": None, "error": {"code": -32700, "message": "what?"}})
    elif method == "tools/list":
        answer(request_id, list_page((message.get("params") or {}).get("cursor")))
    elif method == "tools/call":
        given = message["params"]
        work = (request_id, given["name"], given.get("arguments") or {})
        if MODE == "one-at-a-time":
            call(*work)
        else:
            threading.Thread(target=call, args=work, daemon=True).start()
    elif method == "ping":
        answer(request_id, {})
    elif method is not None and request_id is not None:
        send({"id": request_id, "error": {"code": -32601, "message": "Method not found"}})


def prepare() -> None:
    """What the mode does before the first message."""
    if MODE == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    if MODE == "grandchild":
        record({"grandchild": subprocess.Popen(["sleep", "600"], **quiet).pid})
    if MODE == "grandchild-on-pipes":
        record({"grandchild": subprocess.Popen(["sleep", "600"]).pid})
    if MODE == "escaped":
        escaped = subprocess.Popen(["sleep", "600"], start_new_session=True, **quiet)
        record({"grandchild": escaped.pid})
    if MODE == "unmarked-on-pipes":
        escaped = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True, env={})
        record({"grandchild": escaped.pid})
    if MODE == "exits":
        print("first words", file=sys.stderr)
        print("cannot find my settings", file=sys.stderr, flush=True)
        sys.exit(7)


def main() -> None:
    record({"pid": os.getpid()})
    prepare()
    for line in sys.stdin:
        message = json.loads(line)
        record(message)
        if MODE != "hangs":
            receive(message)
        if message.get("method") == "tools/call" and message["params"]["name"] == "deaf":
            while True:
                time.sleep(60)
    while MODE == "stubborn":
        time.sleep(60)


if __name__ == "__main__":
    main()
