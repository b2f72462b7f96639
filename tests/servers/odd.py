"""An MCP server over stdio with one oddity, as its first argument says, standard library only.

`odd.py MODE [RECORD]`: with RECORD, every message received is appended to that file as a line.
Every mode has the tool `echo`; a mode's own tool shows its oddity.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODE = sys.argv[1] if len(sys.argv) > 1 else "plain"
RECORD = Path(sys.argv[2]) if len(sys.argv) > 2 else None
IS_MODERN = MODE.startswith("modern")
MODERN = "2026-07-28"
MIB = 1024**2
STORM = 10_000
ANY: dict[str, Any] = {"type": "object"}
_writing = threading.Lock()
_answers: dict[object, dict[str, Any]] = {}
_answered = threading.Condition()


def record(entry: object) -> None:
    if RECORD is not None:
        with RECORD.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def write(data: str) -> None:
    with _writing:
        sys.stdout.write(data)
        sys.stdout.flush()


def send(message: object) -> None:
    write(json.dumps(message) + "\n")


def notify(method: str, **more: Any) -> None:
    send({"jsonrpc": "2.0", "method": method, **more})


def answer(request_id: object, result: dict[str, Any]) -> None:
    if IS_MODERN:
        result = {"resultType": "complete", **result}
    send({"jsonrpc": "2.0", "id": request_id, "result": result})


def refuse(request_id: object, code: int, message: str, data: object = None) -> None:
    error = {"code": code, "message": message, "data": data}
    send({"jsonrpc": "2.0", "id": request_id, "error": error})


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The client's answer to a request of ours."""
    request_id = f"ours:{method}"
    send({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
    with _answered:
        _answered.wait_for(lambda: request_id in _answers)
        return _answers.pop(request_id)


def answer_twice(request_id: object, params: dict[str, Any]) -> None:
    answer(request_id, text("the first"))
    answer(request_id, text("the second"))
    refuse(request_id, -32000, "and a third")


def talk(request_id: object, params: dict[str, Any]) -> None:
    """Say much that nobody understands, then answer."""
    notify("notifications/x-vendor/heartbeat", params={"at": 1})
    notify("notifications/x-vendor/list", params=[1, 2])
    notify("notifications/progress", params={"progressToken": "nobody's", "progress": 1})
    notify("notifications/progress", params={"progressToken": request_id, "progress": "much"})
    notify("notifications/message", params={"level": "very", "data": None})
    notify("notifications/message")
    notify("notifications/cancelled", params={"requestId": 99})
    notify("notifications/tools/list_changed", params="what?")
    notify("", params=None)
    send({"jsonrpc": "2.0", "method": 7})
    send({"jsonrpc": "2.0"})
    send({})
    send([[], [[]], None, {"jsonrpc": "2.0", "method": "notifications/x"}])
    answer(request_id, text("done"))


def storm(request_id: object, params: dict[str, Any]) -> None:
    change = json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}) + "\n"
    write(change * STORM)
    answer(request_id, text("calm"))


def ask_for_much(request_id: object, params: dict[str, Any]) -> None:
    """The client's answers to what servers may ask, as JSON."""
    form = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {}}}
    sample = {"messages": [], "maxTokens": 1}
    answers = {
        "elicitation/create": ask("elicitation/create", form),
        "sampling/createMessage": ask("sampling/createMessage", sample),
        "roots/list": ask("roots/list", {}),
    }
    found = {m: a.get("result", a.get("error", {}).get("code")) for m, a in answers.items()}
    answer(request_id, text(json.dumps(found)))


def flood_stderr(request_id: object, params: dict[str, Any]) -> None:
    """10 MiB in lines of the length asked for, then one that is too long, then the last."""
    length = int(params["arguments"]["length"])
    sys.stderr.write(("x" * (length - 1) + "\n") * (10 * MIB // length))
    sys.stderr.write("x" * 4 * MIB + "\nthe last line\n")
    sys.stderr.flush()
    answer(request_id, text("flooded"))


def flood_stdout(request_id: object, params: dict[str, Any]) -> None:
    """So many MiB without a newline; with `ends`, a newline and the answer after that."""
    for _ in range(int(params["arguments"]["size"])):
        write("x" * MIB)
    record({"flooded": True})
    if params["arguments"]["ends"]:
        write("\n")
        answer(request_id, text("flooded"))


def report_late(request_id: object, params: dict[str, Any]) -> None:
    token = params["_meta"]["progressToken"]
    notify("notifications/progress", params={"progressToken": token, "progress": 1})
    answer(request_id, text("done"))
    notify("notifications/progress", params={"progressToken": token, "progress": 2})


def break_off(request_id: object, params: dict[str, Any]) -> None:
    write(f'{{"jsonrpc":"2.0","id":{json.dumps(request_id)},"result":{{"content":[')
    os._exit(5)


def violate(request_id: object, params: dict[str, Any]) -> None:
    answer(request_id, {**text("unlucky"), "structuredContent": {"sum": "no number"}})


def write_oddly(request_id: object, params: dict[str, Any]) -> None:
    """Answer with what is given in place of the structured content's JSON."""
    content = params["arguments"]["written"] * params["arguments"].get("times", 1)
    closed = "]" * params["arguments"].get("closed", 0)
    head = f'{{"jsonrpc": "2.0", "id": {request_id}, "result": {{"content": [], '
    write(f'{head}"structuredContent": {{"sum": {content}{closed}}}}}}}\n')


UNHEARD_OF: dict[str, Any] = {
    "content": [
        {"type": "hologram", "depth": 3, "data": None},
        {"type": "text", "text": "x", "x-vendor": {"kept": [1, 2.5, "z", {}]}},
        {"no": "type"},
    ],
    "structuredContent": [1, {"deep": {"er": None}}],
    "isError": False,
    "x-vendor-top": {"kept": True},
    "_meta": {"vendor/at": 7},
}


def invent(request_id: object, params: dict[str, Any]) -> None:
    answer(request_id, UNHEARD_OF)


def want_input(request_id: object, params: dict[str, Any]) -> None:
    """Ask for input once, or for ever; the answer is what came back."""
    given = params.get("inputResponses")
    what = params["arguments"].get("what", "elicitation/create")
    if given is not None and not params["arguments"].get("for-ever"):
        answer(request_id, text(json.dumps([given, params.get("requestState")])))
        return
    question: dict[str, Any] = {"message": "Who?", "requestedSchema": ANY}
    asked = {"who": {"method": what, "params": question}}
    state = {"requestState": "sealed: 1/2"} if params["arguments"].get("state", True) else {}
    answer(request_id, {"resultType": "input_required", "inputRequests": asked, **state})


ODDITIES: dict[str, tuple[str, Callable[[object, dict[str, Any]], None]]] = {
    "twice": ("go", answer_twice),
    "talks": ("go", talk),
    "storm": ("go", storm),
    "asks": ("go", ask_for_much),
    "floods-stderr": ("go", flood_stderr),
    "floods-stdout": ("go", flood_stdout),
    "late-progress": ("go", report_late),
    "half": ("go", break_off),
    "violates": ("go", violate),
    "writes-oddly": ("go", write_oddly),
    "unheard-of": ("go", invent),
    "modern-asks": ("go", want_input),
}


def tools() -> list[Any]:
    found: list[Any] = [{"name": "echo", "inputSchema": ANY}]
    if MODE in ODDITIES:
        name, _ = ODDITIES[MODE]
        number = {"type": "object", "properties": {"sum": {"type": "number"}}}
        found.append({"name": name, "inputSchema": ANY, "outputSchema": number})
    if MODE == "schemas":
        odd: dict[str, Any] = {
            "empty": {},
            "null": None,
            "list": [1],
            "text": "object",
            "true": True,
        }
        found += [{"name": name, "inputSchema": schema} for name, schema in odd.items()]
        found.append({"name": "none"})
    if MODE == "modern-headers":
        bad = {"type": "object", "properties": {"a": {"type": "object", "x-mcp-header": "A"}}}
        good = {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "A"}}}
        found += [{"name": "bad", "inputSchema": bad}, {"name": "good", "inputSchema": good}]
    return found


def page_of_tools(cursor: str | None) -> dict[str, Any]:
    if MODE != "endless":
        return {"tools": tools()}
    start = int(cursor or 0)
    page = [{"name": f"tool-{n}", "inputSchema": ANY} for n in range(start, start + 1000)]
    return {"tools": page, "nextCursor": str(start + 1000)}


def begin(request_id: object, method: str) -> None:
    capabilities = {"tools": {"listChanged": not IS_MODERN}}
    info = {"name": "odd", "version": "0"}
    if method == "initialize" and IS_MODERN:
        refuse(request_id, -32022, "Unsupported protocol version", {"supported": [MODERN]})
    elif method == "initialize":
        begun = {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": info}
        answer(request_id, begun)
    elif IS_MODERN:
        found = {"supportedVersions": [MODERN], "capabilities": capabilities, "serverInfo": info}
        answer(request_id, {"ttlMs": 0, "cacheScope": "private", **found})
    else:
        refuse(request_id, -32601, "Method not found")


def receive(message: dict[str, Any]) -> None:
    method, request_id = message.get("method"), message.get("id")
    params = message.get("params") or {}
    if method in ("initialize", "server/discover"):
        begin(request_id, method)
    elif method == "tools/list":
        answer(request_id, page_of_tools(params.get("cursor")))
    elif method == "tools/call" and params["name"] == "go":
        work = threading.Thread(target=ODDITIES[MODE][1], args=(request_id, params), daemon=True)
        work.start()
    elif method == "tools/call":
        answer(request_id, text(str(params["arguments"].get("text", ""))))
    elif method == "ping":
        answer(request_id, {})
    elif method is None:
        with _answered:
            _answers[request_id] = message
            _answered.notify_all()
    elif request_id is not None:
        refuse(request_id, -32601, "Method not found")


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        record(message)
        receive(message)


if __name__ == "__main__":
    main()
