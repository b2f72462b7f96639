"""An MCP server over stdio that takes its keys from its environment, as most do.

Standard library only. It knows nothing of this product: variables that begin with `API_` hold
keys, those that end in `_FILE` the paths of files with keys.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

KEYS = {name: value for name, value in os.environ.items() if name.startswith("API_")}
if "API_NEEDED" in KEYS.get("API_MODE", "") and "API_KEY" not in KEYS:
    sys.exit("API_KEY must be set")
PROPERTIES = {name: {"type": "string"} for name in ("city", "token", "note")}
SCHEMA = {"type": "object", "properties": PROPERTIES, "required": ["city", "token"]}
TOOLS = ("keys", "arguments", "files", "pid", "tell", "refuse", "fail", "wait")


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(values: dict[str, Any]) -> dict[str, str]:
    return {name: digest(str(value)) for name, value in sorted(values.items())}


def files() -> dict[str, Any]:
    found = {}
    for name, path in KEYS.items():
        if name.endswith("_FILE"):
            modes = [stat.S_IMODE(os.stat(p).st_mode) for p in (path, Path(path).parent)]
            found[name] = {
                "path": path,
                "modes": [oct(mode) for mode in modes],
                "sha256": digest(Path(path).read_text(encoding="utf-8")),
            }
    return found


def work(name: str, arguments: dict[str, Any], token: object) -> tuple[str, bool]:
    told = f"{KEYS.get('API_KEY')} and {arguments.get('token')}"
    if name == "keys":
        return json.dumps(hashed(KEYS)), False
    if name == "arguments":
        return json.dumps(hashed(arguments)), False
    if name == "files":
        return json.dumps(files()), False
    if name == "wait":
        Path(arguments["note"]).touch()
        while Path(arguments["note"]).exists():
            time.sleep(0.01)
    if name == "tell":
        print(f"telling {told}", file=sys.stderr, flush=True)
        if token is not None:
            params = {"progressToken": token, "progress": 1, "message": f"telling {told}"}
            send({"method": "notifications/progress", "params": params})
    return (told if name in ("tell", "fail") else str(os.getpid())), name == "fail"


def answer(message: dict[str, Any]) -> None:
    method, given = message["method"], message.get("params") or {}
    reply: dict[str, Any] = {"error": {"code": -32601, "message": "Method not found"}}
    if method == "initialize":
        info = {"name": "keyed", "version": "1"}
        reply = {"result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}}
        reply["result"]["serverInfo"] = info
    elif method == "ping":
        reply = {"result": {}}
    elif method == "tools/list":
        reply = {"result": {"tools": [{"name": name, "inputSchema": SCHEMA} for name in TOOLS]}}
    elif method == "tools/call" and given["name"] == "refuse":
        reply = {"error": {"code": -32000, "message": f"no good: {KEYS.get('API_KEY')!r}"}}
    elif method == "tools/call":
        token = (given.get("_meta") or {}).get("progressToken")
        text, is_error = work(given["name"], given.get("arguments") or {}, token)
        content = [{"type": "text", "text": text}]
        reply = {"result": {"content": content, "isError": is_error}}
    send({"id": message["id"], **reply})


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and "method" in message:
            answer(message)


if __name__ == "__main__":
    main()
