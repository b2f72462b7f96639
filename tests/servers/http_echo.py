"""An MCP server over HTTP that repeats what it was called with, in a thread; standard library only.

Its tools answer with the request's address and headers: `tell` in a result, `refuse` in an error.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOOLS = ("tell", "refuse")
received: list[tuple[str, dict[str, str]]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        received.append((self.path, dict(self.headers)))
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "id" not in message:
            self._send(202, b"")
            return
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **self._reply(message)})
        self._send(200, body.encode())

    def do_GET(self) -> None:
        self._send(405, b"")

    def do_DELETE(self) -> None:
        self._send(200, b"")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests read the output."""

    def _reply(self, message: dict[str, Any]) -> dict[str, Any]:
        said = f"{self.path} {dict(self.headers)}"
        if message["method"] == "initialize":
            info = {"name": "echo", "version": "1"}
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}
            return {"result": {**result, "serverInfo": info}}
        if message["method"] == "tools/list":
            schema = {"type": "object"}
            return {"result": {"tools": [{"name": n, "inputSchema": schema} for n in TOOLS]}}
        if message["method"] == "tools/call" and message["params"]["name"] == "tell":
            return {"result": {"content": [{"type": "text", "text": said}]}}
        if message["method"] == "tools/call":
            return {"error": {"code": -32000, "message": said}}
        return {"error": {"code": -32601, "message": "Method not found"}}

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def echoing() -> Iterator[str]:
    """The address of a running server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/mcp"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
