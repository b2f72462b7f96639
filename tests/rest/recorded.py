"""The examples of the OpenAPI document: requests to a real product, and what it answered.

`python -m tests.rest.recorded` writes them anew; a test holds them.
"""

import contextlib
import http.client
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from app.edge.envelope import failure_body, shutting_down, surprise
from app.rest.openapi.document import EXAMPLES
from tests.product import JSON, Product, eventually

INSTALL = {"name": "mcp-hello-world", "version": "1.1.2", "serverName": "hello"}
FAR = {
    "name": "far", "transportType": "streamable_http", "url": "http://127.0.0.1:9000/mcp",
    "secrets": [{"name": "token", "delivery": "header", "target": "Authorization",
                 "template": "Bearer {value}", "required": True}],
}  # fmt: skip
CREATE_TOKEN = """mutation {
  createToken(input: {name: "laptop", username: "alice", role: USER}) { ... on CreatedToken { text } }
}"""
INSTALLS = 5
SETTINGS = {"REQUEST_BODY_SECONDS": "1", "INSTALLS_PER_HOUR": str(INSTALLS)}
KEY = {"serverName": "hello", "secretName": "apiKey", "username": "alice"}
CALL = {"serverName": "hello", "methodName": "echo", "args": {"message": "Hello"}}
REQUESTS: list[tuple[str, str, str, object]] = [
    ("checkHealth", "GET", "/healthz", None),
    ("installPackage", "POST", "/packages/install", INSTALL),
    ("listPackages", "GET", "/packages", None),
    ("getPackageByName", "GET", "/packages/by-name/mcp-hello-world", None),
    ("getPackageByServer", "GET", "/packages/by-id/hello", None),
    ("setUpgradePolicy", "PUT", "/packages/hello/policy", {"upgradePolicy": "hold_breaking"}),
    ("upgradePackage", "PUT", "/packages/hello/upgrade", {"version": "1.1.2", "dryRun": True}),
    ("disablePackage", "PUT", "/packages/hello/disable", None),
    ("enablePackage", "PUT", "/packages/hello/enable", None),
    ("addServer", "POST", "/mcp/servers", FAR),
    ("updateServer", "PUT", "/mcp/servers/far", {"callTimeout": 30000, "description": "elsewhere"}),
    ("disableServer", "PUT", "/mcp/servers/far/disable", None),
    ("enableServer", "PUT", "/mcp/servers/far/enable", None),
    ("getServer", "GET", "/mcp/servers/far", None),
    ("listServers", "GET", "/mcp/servers", None),
    ("listTools", "GET", "/mcp/tools", None),
    ("callTool", "POST", "/mcp/tool/call", CALL),
    ("callOneTool", "POST", "/tools/hello/echo", CALL["args"]),
    ("setSecret", "POST", "/secrets/set", {**KEY, "secretValue": "a value only alice has"}),
    ("deleteSecret", "POST", "/secrets/delete", KEY),
    ("deleteServer", "DELETE", "/mcp/servers/far", None),
    ("upgradeAllPackages", "PUT", "/packages/upgrade-all", None),
    ("uninstallPackage", "DELETE", "/packages/hello", None),
]
FAILURES: list[tuple[str, str, str, object]] = [
    ("INVALID_INPUT", "POST", "/mcp/tool/call", {**CALL, "arguments": {}}),
    ("ROUTE_NOT_FOUND", "GET", "/mcp/tool", None),
    ("SERVER_NOT_FOUND", "GET", "/mcp/servers/hullo", None),
    ("TOOL_NOT_FOUND", "POST", "/mcp/tool/call", {**CALL, "methodName": "ecko"}),
    ("PACKAGE_NOT_FOUND", "GET", "/packages/by-id/hullo", None),
    ("CONFLICT", "POST", "/mcp/servers", {"name": "hello", "command": "node"}),
    ("SECRET_MISSING", "POST", "/mcp/tool/call", {**CALL, "serverName": "far"}),
    ("SERVER_DISABLED", "POST", "/mcp/tool/call", {**CALL, "serverName": "off"}),
    ("SERVER_DID_NOT_START", "POST", "/mcp/tool/call", {**CALL, "serverName": "bad"}),
]
VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00"), "2026-11-24T12:00:00.000000+00:00"),
    (re.compile(r"packages/hello/[^/\"]+"), "packages/hello/0a1b2c3d"),
    (re.compile(r"Try again in \d+ s"), "Try again in 1800 s"),
    (re.compile(r"under the reference \w+"), "under the reference 0a1b2c3d4e5f"),
)


def record(product: Product) -> dict[str, Any]:
    """What the product answers to every request, in order."""
    answers: dict[str, Any] = {}
    for name, method, path, body in REQUESTS:
        if name == "deleteServer":
            answers["failures"] = _failures(product)
        response = product.rest(method, path, body)
        assert response.status_code == 200, (name, response.text)
        shown = {} if body is None else {"request": body}
        answers[name] = {**shown, "answer": response.json()}
    answers["failures"] |= {**_in_time(product), **_of_strangers(product), **_unseen()}
    return _steady(product, answers)


def _failures(product: Product) -> dict[str, Any]:
    product.rest("POST", "/mcp/servers", {"name": "off", "command": "node", "enabled": False})
    product.rest("POST", "/mcp/servers", {"name": "bad", "command": "/nonexistent"})
    found = {}
    for code, method, path, body in FAILURES:
        answer = product.rest(method, path, body).json()
        assert answer["code"] == code, answer
        found[code] = answer
    wrong = {"Content-Type": "text/plain"}
    for code, headers in (
        ("UNSUPPORTED_MEDIA_TYPE", wrong),
        ("HOST_NOT_ALLOWED", {**JSON, "Host": "mcp.example"}),
        ("ORIGIN_NOT_ALLOWED", {**JSON, "Origin": "https://other.example"}),
    ):
        found[code] = product.http.post("/secrets/set", content=b"{}", headers=headers).json()
        assert found[code]["code"] == code
    return found


def _in_time(product: Product) -> dict[str, Any]:
    """Refusals of what takes too long, is too much or too large."""
    product.add_fingerprint("hello")
    slow = {"serverName": "hello", "methodName": "slow", "args": {"seconds": 20}, "timeout": 200}
    found = {"TOOL_TIMEOUT": product.rest("POST", "/mcp/tool/call", slow).json()}
    large = product.http.post("/secrets/set", content=b" " * 7_000_000, headers=JSON)
    found["PAYLOAD_TOO_LARGE"] = large.json()
    with contextlib.closing(http.client.HTTPConnection(product.address[7:])) as connection:
        connection.request("POST", "/secrets/set", b"{", {**JSON, "Content-Length": "2"})
        found["REQUEST_TIMEOUT"] = orjson.loads(connection.getresponse().read())
    again = {**INSTALL, "serverName": "again"}
    for _ in range(INSTALLS + 1):
        answer = product.rest("POST", "/packages/install", {**again, "version": "0.0.0"}).json()
    found["RATE_LIMITED"] = answer
    return found


def _of_strangers(product: Product) -> dict[str, Any]:
    """Refusals of callers, once there are any."""
    made = product.graphql(CREATE_TOKEN)
    added = {"name": "mine", "command": "node"}
    unknown = product.rest("POST", "/mcp/servers", added).json()
    headers = {**JSON, "Authorization": f"Bearer {made['text']}"}
    forbidden = product.rest("POST", "/mcp/servers", added, headers=headers).json()
    return {"UNAUTHENTICATED": unknown, "FORBIDDEN": forbidden}


def _unseen() -> dict[str, Any]:
    """What a product that is well does not say, in its own words."""
    errors = (surprise("0a1b2c3d4e5f"), shutting_down())
    return {error.code.value: dict(failure_body(error)) for error in errors}


def _steady(product: Product, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Without what differs from run to run."""
    text = orjson.dumps(answers).decode().replace(str(product.data_dir), "/home/you/mcp-api/data")
    for pattern, instead in VOLATILE:
        text = pattern.sub(instead, text)
    steady: dict[str, Any] = orjson.loads(text)
    _forget_lives(steady)
    return steady


def _forget_lives(node: Any) -> None:
    """A server's log and state are those of a moment."""
    if isinstance(node, dict):
        if "logs" in node and "toolsList" in node:
            node.update(logs=[], status="connected")
        for part in node.values():
            _forget_lives(part)
    elif isinstance(node, list):
        for part in node:
            _forget_lives(part)


def main() -> None:
    """Write the file anew."""
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder), **SETTINGS).start()
        eventually(lambda: product.rest("GET", "/healthz").status_code == 200)
        try:
            recorded = record(product)
        finally:
            product.stop()
    EXAMPLES.write_bytes(orjson.dumps(recorded, option=orjson.OPT_INDENT_2) + b"\n")
    print(f"{EXAMPLES}: {len(recorded)} examples", file=sys.stderr)


if __name__ == "__main__":
    main()
